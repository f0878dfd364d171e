import type { Detector } from './detectors.ts'

/** What opens something: keys and tokens by the form that their makers gave them, and what is assigned to such a name. */
export const SECRETS: readonly Detector[] = [
  {
    kind: 'private key',
    pattern: /-----BEGIN (?:[A-Z]{2,10} ){0,3}PRIVATE KEY(?: BLOCK)?-----/g,
    until: /-----END (?:[A-Z]{2,10} ){0,3}PRIVATE KEY(?: BLOCK)?-----/g,
  },
  { kind: 'AWS key', pattern: /\b(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}\b/g },
  { kind: 'GitHub token', pattern: /\bgh[pousr]_[A-Za-z0-9]{36,255}\b|\bgithub_pat_[A-Za-z0-9_]{22,255}\b/g },
  { kind: 'GitLab token', pattern: /\bgl(?:pat|dt|rt|ptt)-[A-Za-z0-9_-]{20,255}/g },
  {
    kind: 'Slack token',
    pattern: /\bxox[abeoprs]-[A-Za-z0-9-]{10,255}|hooks\.slack\.com\/services\/[A-Za-z0-9/]{20,100}/g,
  },
  {
    kind: 'Stripe key',
    pattern: /\b[sr]k_(?:live|test)_[A-Za-z0-9]{16,255}\b|\bwhsec_[A-Za-z0-9]{24,255}\b/g,
  },
  {
    kind: 'Google key',
    pattern: /\bAIza[0-9A-Za-z_-]{35}|\bya29\.[0-9A-Za-z_-]{20,255}|\bGOCSPX-[0-9A-Za-z_-]{28}/g,
  },
  {
    kind: 'model provider key',
    pattern: /\bsk-(?:ant-|proj-|or-)?[A-Za-z0-9_-]{20,255}/g,
    isReal: mixesDigits,
  },
  {
    kind: 'registry token',
    pattern: /\bnpm_[A-Za-z0-9]{36}\b|\bpypi-[A-Za-z0-9_-]{40,255}|\bdckr_pat_[A-Za-z0-9_-]{20,100}/g,
  },
  { kind: 'SendGrid key', pattern: /\bSG\.[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{16,64}/g },
  { kind: 'hub key', pattern: /\bparley_admin_[A-Za-z0-9_-]{20,255}/g },
  {
    kind: 'JSON web token',
    pattern: /\beyJ[A-Za-z0-9_-]{8,4096}\.eyJ[A-Za-z0-9_-]{8,8192}\.[A-Za-z0-9_-]{8,2048}/g,
  },
  {
    kind: 'password in an address',
    pattern: /\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:@/'"]{1,64}:[^\s:@/'"]{3,128}@/g,
    isReal: isNoPlaceholder,
  },
  {
    kind: 'assigned secret',
    pattern:
      /(?<![A-Za-z0-9])(?:password|passwd|pwd|secret|api[_-]?key|access[_-]?key|secret[_-]?key|auth[_-]?token|access[_-]?token|client[_-]?secret|private[_-]?key)["']?\s{0,4}[:=]\s{0,4}["']?[^\s"',;<>{}()[\]]{8,256}/gi,
    isReal: (part) => mixesDigits(part.slice(part.search(/[:=]/) + 1)) && isNoPlaceholder(part),
  },
]

/** A text without one of these holds none of them: most are looked at once and no more. */
export const SECRET_HINT =
  /-----BEGIN|A[KSBC]|gh[pousr]_|github_pat_|gl[a-z]{2,3}-|xox|hooks\.|[sr]k[_-]|whsec_|AIza|ya29|GOCSPX|npm_|pypi-|dckr_|SG\.|parley_|eyJ|:\/\/|[=:]/

/** A made-up word seldom has both digits and letters, a generated one nearly always. */
function mixesDigits(text: string): boolean {
  return /\d/.test(text) && /[A-Za-z]/.test(text)
}

function isNoPlaceholder(part: string): boolean {
  return !/(?:x{4}|\*{3}|\.{3}|example|placeholder|changeme|your[_-]|\$\{|<)/i.test(part)
}
