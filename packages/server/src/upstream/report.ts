/** What an upstream must not send. It is dropped, and told to the hub's records. */
export type ReportKind =
  | 'unexpected-request'
  | 'unexpected-response'
  | 'unexpected-notification'
  | 'malformed-message'
  | 'too-many-requests'
  | 'undelivered-answer'
  | 'lost-session'

/** `detail` names methods and counts, never contents. */
export type Report = (kind: ReportKind, detail: string) => void
