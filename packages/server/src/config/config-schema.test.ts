import { expect, it } from 'vitest'
import { configJsonSchema } from './index.ts'

it('publishes a closed JSON Schema in which every setting is described', () => {
  const undescribed: string[] = []
  const open: string[] = []
  const visit = (schema: unknown, path: string) => {
    if (typeof schema !== 'object' || schema === null) return
    const node = schema as {
      properties?: Record<string, unknown>
      additionalProperties?: unknown
      description?: string
    }
    if (node.properties && node.additionalProperties !== false) open.push(path)
    for (const [key, value] of Object.entries(node.properties ?? {})) {
      const inner = value as { description?: string; properties?: object }
      if (!inner.description && !inner.properties) undescribed.push(`${path}.${key}`)
      visit(value, `${path}.${key}`)
    }
    visit(node.additionalProperties, `${path}.*`)
  }
  const schema = configJsonSchema()
  visit(schema, '')
  expect(undescribed).toEqual([])
  expect(open).toEqual([])
  expect(Object.keys(schema['properties'] as object)).toEqual([
    'listen',
    'servers',
    'agents',
    'apps',
    'resources',
    'bundles',
    'content',
    'toolSearch',
    'only',
    'identity',
    'connections',
    'masterKey',
    'egress',
    'webhooks',
    'limits',
    'activity',
  ])
  expect(schema).not.toHaveProperty('required')
})
