/** How every client of the matrix answers what a server asks. */
export const answers = {
  sampling: {
    role: 'assistant' as const,
    content: { type: 'text' as const, text: 'sampled answer' },
    model: 'test-model',
    stopReason: 'endTurn',
  },
  roots: { roots: [{ uri: 'file:///srv/matrix-root', name: 'matrix' }] },
}

/** Accepts a page to visit as it is, and a form with a value for each required field. */
export function answerElicitation(params: unknown): {
  action: 'accept'
  content?: Record<string, string | number | boolean | string[]>
} {
  const { mode, requestedSchema } = params as {
    mode?: string
    requestedSchema?: { properties?: Record<string, { type?: string; enum?: string[]; format?: string }> }
  }
  if (mode === 'url') return { action: 'accept' }
  const content: Record<string, string | number | boolean | string[]> = {}
  for (const [name, property] of Object.entries(requestedSchema?.properties ?? {})) {
    content[name] = valueFor(property)
  }
  return { action: 'accept', content }
}

function valueFor(property: {
  type?: string
  enum?: string[]
  format?: string
}): string | number | boolean | string[] {
  if (property.enum?.[0] !== undefined) return property.enum[0]
  if (property.type === 'boolean') return true
  if (property.type === 'array') return []
  if (property.type === 'integer' || property.type === 'number') return 42
  const byFormat: Record<string, string> = {
    email: 'ann@example.com',
    uri: 'https://example.com/',
    date: '2026-01-01',
    'date-time': '2026-01-01T00:00:00Z',
  }
  return byFormat[property.format ?? ''] ?? 'matrix answer'
}
