import type { Driver, ListedTool, LiveDriver, ResourceContent, ToolCall, ToolResult } from './driver.ts'

const pageLimit = 100

/** The verbs both generations of the official client share, as far as the matrix uses them. */
export interface SdkVerbs {
  listTools: (params?: Page) => Promise<{ tools: ListedTool[]; nextCursor?: string }>
  listResources: (params?: Page) => Promise<{ resources: Array<{ uri: string }>; nextCursor?: string }>
  readResource: (params: { uri: string }) => Promise<{ contents: ResourceContent[] }>
  listResourceTemplates: (
    params?: Page,
  ) => Promise<{ resourceTemplates: Array<{ uriTemplate: string }>; nextCursor?: string }>
  listPrompts: (params?: Page) => Promise<{ prompts: Array<{ name: string }>; nextCursor?: string }>
  getPrompt: (params: { name: string; arguments: Record<string, string> }) => Promise<{ messages: unknown[] }>
  complete: (params: object) => Promise<{ completion: { values: string[] } }>
  close: () => Promise<void>
}

interface Page {
  cursor?: string
}

/** What differs between the generations. */
export interface SdkParts {
  verbs: SdkVerbs
  revision: () => string | undefined
  callTool: (call: ToolCall) => Promise<ToolResult>
  live: LiveDriver
  close?: () => Promise<void>
}

/** A driver over an official client; lists are read to their last page. */
export function driveSdk({ verbs, revision, callTool, live, close }: SdkParts): Driver {
  return {
    revision,
    callTool,
    live,
    listTools: () => readPages(async (page) => itemsOf(await verbs.listTools(page), 'tools')),
    listResources: () => readPages(async (page) => itemsOf(await verbs.listResources(page), 'resources')),
    readResource: async (uri) => (await verbs.readResource({ uri })).contents,
    listTemplates: () =>
      readPages(async (page) => itemsOf(await verbs.listResourceTemplates(page), 'resourceTemplates')),
    listPrompts: () => readPages(async (page) => itemsOf(await verbs.listPrompts(page), 'prompts')),
    getPrompt: (name, args) => verbs.getPrompt({ name, arguments: args }),
    complete: async (completion) => (await verbs.complete(completion)).completion.values,
    close: close ?? (() => verbs.close()),
  }
}

function itemsOf<key extends string, item>(
  page: Record<key, item[]> & { nextCursor?: string },
  key: key,
): { items: item[]; nextCursor: string | undefined } {
  return { items: page[key], nextCursor: page.nextCursor }
}

async function readPages<item>(
  read: (page: Page | undefined) => Promise<{ items: item[]; nextCursor: string | undefined }>,
): Promise<item[]> {
  const all: item[] = []
  let cursor: string | undefined
  for (let page = 0; page < pageLimit; page += 1) {
    const { items, nextCursor } = await read(cursor === undefined ? undefined : { cursor })
    all.push(...items)
    if (nextCursor === undefined) return all
    cursor = nextCursor
  }
  throw new Error(`A list has more than ${pageLimit} pages`)
}
