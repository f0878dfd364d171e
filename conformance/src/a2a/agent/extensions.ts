/** The one that the TCK asks for by name. */
export const REQUIRED_EXTENSION = 'urn:a2a:tck:required-extension'
export const OPTIONAL_EXTENSION = 'https://example.com/extensions/tone/v1'
