/** What the hub says of itself as a client, to be registered or in its own document (RFC 7591 §2). */
export function clientMetadata(redirectUri: string): Readonly<Record<string, unknown>> {
  const { protocol, origin } = new URL(redirectUri)
  return {
    client_name: 'Parley',
    // Some authorization servers refuse all that they would link to over plain http.
    ...(protocol === 'https:' && { client_uri: origin }),
    redirect_uris: [redirectUri],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
  }
}

/** The client ID metadata document that the hub publishes at `url`, which is its client_id. */
export function clientDocument(url: string, redirectUri: string): Readonly<Record<string, unknown>> {
  return { client_id: url, ...clientMetadata(redirectUri), token_endpoint_auth_method: 'none' }
}
