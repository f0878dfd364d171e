/** Why client metadata is refused (RFC 7591 §3.2.2): the error code and words for whoever wrote the metadata. */
export interface MetadataProblem {
  readonly kind: 'problem'
  readonly error: 'invalid_redirect_uri' | 'invalid_client_metadata'
  readonly description: string
}

export function problem(description: string): MetadataProblem {
  return { kind: 'problem', error: 'invalid_client_metadata', description }
}

export function redirectProblem(description: string): MetadataProblem {
  return { kind: 'problem', error: 'invalid_redirect_uri', description }
}

/** Told apart from what was read: nothing that is read has this `kind`. */
export function isProblem(read: unknown): read is MetadataProblem {
  return typeof read === 'object' && read !== null && 'kind' in read && read.kind === 'problem'
}
