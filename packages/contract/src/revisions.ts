/** The revisions of MCP that the hub speaks, newest first. */
export const REVISIONS = ['2026-07-28', '2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'] as const

export type Revision = (typeof REVISIONS)[number]

/** Those in which a conversation is a session, opened by `initialize`. */
export type SessionRevision = Exclude<Revision, '2026-07-28'>
export const SESSION_REVISIONS: readonly SessionRevision[] = REVISIONS.filter(
  (revision) => revision !== '2026-07-28',
)

interface RevisionFeature {
  readonly name: string
  readonly since: Revision
  /** The last revision that has it; all later ones without. */
  readonly until?: Revision
  /** What becomes of it where the other side's revision does not know it. */
  readonly elsewhere: string
}

/** What the revisions differ in, as their changelogs say, and what the hub does about it. Drives translation and docs. */
export const REVISION_FEATURES = {
  httpSse: {
    name: 'HTTP+SSE transport',
    since: '2024-11-05',
    until: '2024-11-05',
    elsewhere: 'also served to, and spoken with, later session revisions that come by it',
  },
  completions: {
    name: 'the capability `completions`',
    since: '2025-03-26',
    elsewhere: 'taken for given with prompts or resources; not declared to 2024-11-05',
  },
  batches: {
    name: 'JSON-RPC batches',
    since: '2025-03-26',
    until: '2025-03-26',
    elsewhere: 'refused; the hub itself sends single messages to all',
  },
  audio: {
    name: 'audio content',
    since: '2025-03-26',
    elsewhere: 'an embedded resource with the same bytes',
  },
  toolAnnotations: { name: 'tool annotations', since: '2025-03-26', elsewhere: 'left out' },
  progressMessage: { name: 'the message of progress', since: '2025-03-26', elsewhere: 'left out' },
  structuredContent: {
    name: 'structured content, output schemas',
    since: '2025-06-18',
    elsewhere: 'left out; its JSON as text where there is no other content',
  },
  resourceLinks: { name: 'resource links in results', since: '2025-06-18', elsewhere: 'a text with the URI' },
  elicitation: {
    name: 'elicitation (form)',
    since: '2025-06-18',
    elsewhere: 'not asked; the server is told that the client cannot',
  },
  versionHeader: {
    name: 'the header `MCP-Protocol-Version`',
    since: '2025-06-18',
    elsewhere: 'not needed: the session has its revision',
  },
  titles: {
    name: 'titles',
    since: '2025-06-18',
    elsewhere: "left out; a tool's becomes the title of its annotations in 2025-03-26",
  },
  completionContext: { name: 'the context of a completion', since: '2025-06-18', elsewhere: 'left out' },
  urlElicitation: {
    name: 'elicitation (URL)',
    since: '2025-11-25',
    elsewhere: 'not asked; a consent that is missing is a challenge with a link',
  },
  choices: {
    name: 'titled and multiple choices in forms',
    since: '2025-11-25',
    elsewhere:
      'titles as `enumNames`; multiple choices left out, or the question refused where they are required',
  },
  samplingTools: {
    name: 'tools in sampling',
    since: '2025-11-25',
    elsewhere: 'not asked; the server is told that the client cannot',
  },
  icons: { name: 'icons, websites', since: '2025-11-25', elsewhere: 'left out' },
  emptyEvents: {
    name: 'streams that break off to be come back for',
    since: '2025-11-25',
    until: '2025-11-25',
    elsewhere: 'the stream stays open',
  },
  sessionTasks: {
    name: 'tasks (experimental)',
    since: '2025-11-25',
    until: '2025-11-25',
    elsewhere: 'left out',
  },
  anyStructuredContent: {
    name: 'structured content that is no object',
    since: '2026-07-28',
    elsewhere: 'left out, with its schema; its JSON as text where there is no other content',
  },
} as const satisfies Readonly<Record<string, RevisionFeature>>

export type RevisionFeatureName = keyof typeof REVISION_FEATURES

/** Revisions are dates, so the later one is the greater text. */
export function knows(revision: Revision, feature: RevisionFeatureName): boolean {
  const { since, until = revision }: RevisionFeature = REVISION_FEATURES[feature]
  return revision >= since && revision <= until
}

export function isSessionRevision(value: unknown): value is SessionRevision {
  return SESSION_REVISIONS.some((revision) => revision === value)
}
