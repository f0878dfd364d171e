/** An order to the model where a description belongs (tool poisoning), by what it is after. */
export interface Order {
  readonly rule: string
  readonly excerpt: string
}

/** What a reader says to whom the text is. */
const PERSON =
  '(?:the |an? |any |your )?(?:end[- ])?(?:user|human|person|operator|customer|developer|anyone|anybody|people)'
const DATA =
  '(?:conversation|chat|message|prompt|context|history|secrets?|credentials?|passwords?|tokens?|api[ _-]?keys?|private keys?|ssh keys?|session|cookies?|environment variables?|env(?:ironment)? vars?|files?|everything|contents?)'
const SENSITIVE =
  '(?:~?\\/?\\.ssh\\b|id_rsa|id_ed25519|\\.env\\b|\\/etc\\/(?:passwd|shadow)|\\.aws\\/|credentials\\.json|mcp\\.json|\\.netrc|\\.npmrc|wallet\\.dat|keychain|\\.kube\\/config|\\.git-credentials|\\.bash_history)'

/**
 * Each is linear: no repetition stands within another, and every gap is bounded. They are held against the text in lower
 * case, without what is hidden, blanks made one.
 */
const RULES: readonly (readonly [string, RegExp])[] = [
  [
    'overrides instructions',
    /\b(?:ignore|disregard|forget|override|bypass|discard)\b[^.\n]{0,40}\b(?:previous|prior|earlier|above|preceding|other|all|any|your|existing|system|safety)\b[^.\n]{0,30}\b(?:instructions?|rules?|prompts?|guidelines?|restrictions?|policies|polic(?:y|ies)|directives?|constraints?|messages?|guardrails?|filters?)\b/,
  ],
  [
    'keeps something from people',
    new RegExp(
      `\\b(?:do not|don'?t|never|must not|should not|avoid|without)\\b[^.\\n]{0,20}\\b(?:tell|telling|inform|informing|mention|mentioning|reveal|revealing|notify|notifying|alert|alerting|disclose|disclosing|show|showing|warn|warning|let|letting|ask|asking)\\b[^.\\n]{0,60}\\b${PERSON}\\b`,
    ),
  ],
  [
    'acts unseen',
    /\b(?:silently|secretly|quietly|covertly|in the background|unnoticed|behind the scenes)\b[^.\n]{0,40}\b(?:send|include|add|copy|forward|call|invoke|upload|post|append|read|attach|execute|run|bcc|collect)\b/,
  ],
  [
    'acts unseen',
    new RegExp(
      `\\bwithout\\b[^.\\n]{0,30}\\b(?:knowledge|noticing|awareness|consent|approval|confirmation|permission)\\b[^.\\n]{0,20}(?:${PERSON}|\\.|$)`,
    ),
  ],
  [
    'acts unseen',
    /\bthis (?:step|action|instruction|note|message|request) (?:is|must be|should be|has to be)?\s?(?:kept )?(?:hidden|invisible|secret|confidential|not visible)\b/,
  ],
  [
    'speaks as the system',
    /<\/?(?:important|system|instructions?|secret|admin|hidden|critical|override)>|\[(?:system|inst|admin|important)\]|<\|(?:im_start|im_end|system|endoftext)\|>|<<sys>>|(?:^|\n)\s{0,8}(?:system|assistant)\s?:\s|###\s?(?:system|instructions?|new instructions?)\b/,
  ],
  [
    'speaks as the system',
    /\b(?:new|updated|additional|special|real|hidden) (?:system )?(?:instructions?|directives?)(?: for (?:you|the (?:ai|assistant|model|llm|agent)))?\s?:|\b(?:your|the) system prompt\b/,
  ],
  [
    'takes another role',
    /\b(?:you are now|from now on,? you|pretend (?:to be|that you|you are)|act as (?:if you|though you|an? (?:unrestricted|admin|root|jailbroken|different))|developer mode|jailbreak|dan mode|you have no restrictions)\b/,
  ],
  [
    'reads what is secret',
    new RegExp(
      `\\b(?:read|open|load|fetch|send|include|attach|pass|provide|cat|access|get|retrieve|collect|extract|copy|upload|look up)\\b[^.\\n]{0,80}${SENSITIVE}`,
    ),
  ],
  [
    'reads what is secret',
    new RegExp(
      `${SENSITIVE}[^\\n]{0,60}\\b(?:read|send|include|attach|pass|provide|contents?|upload|copy|append)\\b`,
    ),
  ],
  [
    'sends data away',
    new RegExp(
      `\\b(?:send|post|forward|upload|transmit|e-?mail|exfiltrate|leak|copy|bcc|report|submit|append|include)\\b[^.\\n]{0,60}\\b${DATA}\\b[^\\n]{0,60}\\b(?:to|at|via|in the url of)\\b\\s?(?:\\S{1,12}\\s){0,3}(?:https?:\\/\\/|[\\w.+-]{1,64}@|attacker|our server|the following (?:url|address|endpoint|server))`,
    ),
  ],
  [
    'sends data away',
    /\b(?:bcc|cc|copy|forward|redirect|also send)\b[^\n]{0,60}[\w.+-]{1,64}@[\w-]{1,63}\.[a-z]{2,24}/,
  ],
  [
    'sends data away',
    new RegExp(
      `\\b(?:pass|put|place|include|insert|add|write|embed|encode|supply)\\b[^.\\n]{0,30}\\b(?:full |entire |whole |complete |previous |user'?s? |its |their |his |system )\\b[^.\\n]{0,30}\\b${DATA}\\b[^.\\n]{0,40}\\b(?:as|in|into|inside|within|to|through)\\b[^.\\n]{0,40}\\b(?:side ?note|notes?|metadata|context|reason|parameter|argument|field|feedback|query|header|comment|url|alt text)\\b`,
    ),
  ],
  [
    'binds other tools',
    /\b(?:before|after|prior to|whenever|each time|every time|when)\b[^.\n]{0,24}\b(?:using|calling|invoking|running|you (?:use|call|invoke|run))\b[^.\n]{0,12}\b(?:any|all|every|each|other|another|this)\b[^.\n]{0,24}\btools?\b[^.\n]{0,60}\b(?:you must|must|always|first|you should|you have to|make sure|be sure|also)\b[^.\n]{0,20}\b(?:read|send|call|run|fetch|include|pass|execute|invoke|copy|add|append|forward|collect|use)\b/,
  ],
  [
    'binds other tools',
    /\b(?:when|whenever|if|every time|each time)\b[^.\n]{0,60}\b(?:tool|function|send_email|email|message|payment|transfer)\b[^.\n]{0,60}\b(?:is|are|gets?) (?:used|called|invoked|available|sent|made|present)\b[^.\n]{0,60}\b(?:change|replace|redirect|send|add|set|modify|use|include|forward|must)\b/,
  ],
  [
    'binds other tools',
    /\b(?:never|do not|don'?t|stop) (?:use|using|call|calling|trust|trusting|invoke)\b[^.\n]{0,30}\b(?:any |all )?other (?:tools?|servers?|functions?)\b|\b(?:other|official|original) (?:tools?|servers?|versions?) (?:is|are) (?:deprecated|broken|insecure|unsafe|compromised|disabled|malicious)\b/,
  ],
  [
    'binds other tools',
    /\b(?:in|for|at the (?:start|beginning|end) of) (?:every|each|all) (?:conversations?|sessions?|chats?|responses?|repl(?:y|ies)|messages?)\b[^.\n]{0,60}\b(?:call|use|invoke|run|send|include|append|add)\b/,
  ],
  [
    'claims an approval',
    new RegExp(
      `\\b${PERSON}\\b[^.\\n]{0,20}\\b(?:has|have|had)\\b[^.\\n]{0,20}\\b(?:already|previously|pre-?)\\s?-?(?:approved|consented|authori[sz]ed|agreed|confirmed|granted)\\b|\\bpre-?(?:approved|authori[sz]ed) by\\b`,
    ),
  ],
  [
    'claims an approval',
    /\b(?:skip|bypass|avoid|circumvent|disable|suppress|auto-?accept)\b[^.\n]{0,30}\b(?:confirmations?|approvals?|consent|permission checks?|authentication|authori[sz]ation|security (?:checks?|controls?)|safety|sandbox|human review)\b/,
  ],
  [
    'threatens',
    /\b(?:otherwise|or else|if you (?:do not|don'?t|fail to|refuse))\b[^.\n]{0,80}\b(?:will|would|shall)\b[^.\n]{0,30}\b(?:crash|be (?:deleted|lost|destroyed|fired|terminated|shut down|penali[sz]ed)|lose|die|corrupt|stop working|not work)\b/,
  ],
  [
    'runs code from elsewhere',
    /\b(?:curl|wget|iwr|invoke-webrequest)\b[^\n|;]{0,200}[|;]\s?(?:sudo )?(?:ba|z|da)?sh\b|\brm -rf [/~]|\bbase64 -d\b[^\n]{0,40}\|\s?(?:ba)?sh\b|\beval\(atob\(/,
  ],
  [
    'hides in an encoding',
    /\b(?:decode|rot13|base64|hex)\b[^.\n]{0,60}\b(?:and|then)\b[^.\n]{0,20}\b(?:follow|execute|obey|run|perform|do what)\b/,
  ],
  ['hides in an encoding', /(?:[a-z0-9+/]{4}){50,}={0,2}/],
  [
    'hides in markup',
    /style\s?=\s?["'][^"'\n]{0,100}(?:display\s?:\s?none|visibility\s?:\s?hidden|font-size\s?:\s?0|opacity\s?:\s?0\b|color\s?:\s?(?:white|transparent|#fff))/,
  ],
  [
    'hides in markup',
    /!\[[^\]\n]{0,100}\]\(https?:\/\/[^)\s]{1,200}[?&][^)\s]{0,100}(?:=|%3d)\s?(?:\{|<|%7b|\[)/,
  ],
  [
    'overrides instructions',
    /忽略(?:之前|以上|先前|所有)[^。\n]{0,10}(?:指示|指令|提示)|不要(?:告诉|告知|通知)用户|以前の指示を無視|ユーザーに(?:は)?(?:知らせ|言わ|伝え)ない|игнорируй[^.\n]{0,30}инструкци|не (?:говори|сообщай)[^.\n]{0,20}пользовател/,
  ],
  [
    'overrides instructions',
    /\bignorier(?:e|en)\b[^.\n]{0,40}\banweisungen\b|\bignor(?:a|e|ez|er)\b[^.\n]{0,30}\b(?:instrucciones|instructions|instru[cç][oõ]es|istruzioni)\b|\b(?:sag|sage|erz[aä]hle|verrate)\b[^.\n]{0,30}\b(?:nutzer|benutzer)\b[^.\n]{0,20}\bnicht|\bno (?:le )?(?:digas|informes|menciones)\b[^.\n]{0,30}\busuario\b|\bne (?:dis|dites|mentionne[zr]?)\b[^.\n]{0,30}\butilisateur\b/,
  ],
]

const MAX_LENGTH = 65_536
const EXCERPT_LENGTH = 120

/** The first of each rule. `text` is without what is hidden. */
export function findOrders(text: string): Order[] {
  const plain = flatten(text)
  const found = new Map<string, Order>()
  for (const [rule, pattern] of RULES) {
    if (found.has(rule)) continue
    const match = pattern.exec(plain)
    if (match) found.set(rule, { rule, excerpt: match[0].trim().slice(0, EXCERPT_LENGTH) })
  }
  return [...found.values()]
}

/** Compatible letters made one, lower case, letters that stand apart joined, blanks made one. */
function flatten(text: string): string {
  return text
    .slice(0, MAX_LENGTH)
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/(?<![\p{L}])(?:\p{L}[ ._*-]){5,200}\p{L}(?![\p{L}])/gu, (spaced) =>
      spaced.replaceAll(/[ ._*-]/g, ''),
    )
    .replaceAll(/[^\S\n]{1,200}/g, ' ')
    .replaceAll(/[‘’`]/g, "'")
}
