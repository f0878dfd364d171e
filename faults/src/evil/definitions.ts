import { behaviours } from './behaviours.ts'
import type { Json } from './evil-state.ts'

const ANY_OBJECT = { type: 'object', properties: { text: { type: 'string' } }, additionalProperties: true }

export function toolDefinition(name: string, more: Json = {}): Json {
  return { name, description: `The tool ${name}.`, inputSchema: ANY_OBJECT, ...more }
}

/** One definition for each scripted behaviour, with honest words. */
export function scriptedTools(): Json[] {
  return Object.keys(behaviours).map((name) => (name === 'header_tool' ? headerTool() : toolDefinition(name)))
}

/** A tool whose parameters are mirrored into `Mcp-Param-*` headers, one of each permitted type. */
export function headerTool(): Json {
  const properties = {
    region: { type: 'string', 'x-mcp-header': 'Region' },
    count: { type: 'integer', 'x-mcp-header': 'Count' },
    flag: { type: 'boolean', 'x-mcp-header': 'Flag' },
    free: { type: 'string' },
    nested: { type: 'object', properties: { deep: { type: 'string', 'x-mcp-header': 'Deep' } } },
  }
  return {
    name: 'header_tool',
    description: 'The tool header_tool.',
    inputSchema: { type: 'object', properties },
  }
}

/** Tools that each break one rule of `x-mcp-header` (MCP 2026-07-28, Streamable HTTP, Schema Extension). */
export function badHeaderTools(): Json[] {
  const bad: Record<string, Json> = {
    empty: { type: 'object', properties: { a: { type: 'string', 'x-mcp-header': '' } } },
    space: { type: 'object', properties: { a: { type: 'string', 'x-mcp-header': 'My Region' } } },
    crlf: { type: 'object', properties: { a: { type: 'string', 'x-mcp-header': 'A\r\nX-Injected: 1' } } },
    lf: { type: 'object', properties: { a: { type: 'string', 'x-mcp-header': 'A\nB' } } },
    colon: { type: 'object', properties: { a: { type: 'string', 'x-mcp-header': 'A:B' } } },
    not_ascii: { type: 'object', properties: { a: { type: 'string', 'x-mcp-header': 'Régíon' } } },
    case_twins: {
      type: 'object',
      properties: {
        a: { type: 'string', 'x-mcp-header': 'Same' },
        b: { type: 'string', 'x-mcp-header': 'same' },
      },
    },
    number_type: { type: 'object', properties: { a: { type: 'number', 'x-mcp-header': 'Amount' } } },
    object_type: { type: 'object', properties: { a: { type: 'object', 'x-mcp-header': 'Obj' } } },
    array_type: { type: 'object', properties: { a: { type: 'array', 'x-mcp-header': 'Arr' } } },
    no_type: { type: 'object', properties: { a: { 'x-mcp-header': 'None' } } },
    not_a_string: { type: 'object', properties: { a: { type: 'string', 'x-mcp-header': 7 } } },
    under_one_of: {
      type: 'object',
      oneOf: [{ properties: { a: { type: 'string', 'x-mcp-header': 'One' } } }],
    },
    under_any_of: {
      type: 'object',
      properties: {
        o: { type: 'object', anyOf: [{ properties: { a: { type: 'string', 'x-mcp-header': 'Any' } } }] },
      },
    },
    under_items: {
      type: 'object',
      properties: { l: { type: 'array', items: { type: 'string', 'x-mcp-header': 'Item' } } },
    },
    under_then: JSON.parse(
      '{"type":"object","if":{},"then":{"properties":{"a":{"type":"string","x-mcp-header":"Then"}}}}',
    ) as Json,
    under_defs: {
      type: 'object',
      properties: { a: { $ref: '#/$defs/d' } },
      $defs: { d: { type: 'string', 'x-mcp-header': 'Ref' } },
    },
    on_root: { type: 'object', 'x-mcp-header': 'Root', properties: {} },
  }
  return Object.entries(bad).map(([name, inputSchema]) =>
    toolDefinition(`broken_header_${name}`, { inputSchema, 'x-behaviour': 'echo' }),
  )
}

export function scriptedPrompts(): Json[] {
  return [{ name: 'greet', description: 'The prompt greet.', arguments: [{ name: 'who', required: false }] }]
}

export function scriptedTemplates(): Json[] {
  return [{ uriTemplate: 'evil://items/{id}', name: 'items', description: 'The template items.' }]
}

export function scriptedResources(): Json[] {
  return [{ uri: 'evil://readme', name: 'readme', mimeType: 'text/plain' }]
}
