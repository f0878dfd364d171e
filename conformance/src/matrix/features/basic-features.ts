import type { Driver, ToolCall, ToolResult } from '../drivers/driver.ts'
import type { MatrixUpstream, Specimen, ToolSpecimen } from '../upstreams/upstream.ts'
import { expect, notOffered } from './feature.ts'
import type { Feature, Proof } from './feature.ts'

/** What any upstream may offer, shown on its specimen. */
export const basicFeatures: Feature[] = [
  {
    name: 'connect',
    isMissingFrom: () => undefined,
    async prove({ driver, clientRevision }) {
      expect(driver.revision() === clientRevision, `negotiated ${driver.revision()}`)
    },
  },
  {
    name: 'tools: list',
    isMissingFrom: () => undefined,
    async prove({ driver, upstream }) {
      const names = (await driver.listTools()).map(({ name }) => name)
      expect(names.includes(upstream.specimen.tool.name), `listed ${names.join(', ')}`)
    },
  },
  {
    name: 'tools: call',
    isMissingFrom: () => undefined,
    prove: ({ driver, upstream }) => callSpecimen(driver, upstream.specimen.tool),
  },
  {
    ...onSpecimen('structured content', 'structured'),
    async prove({ driver, upstream }) {
      const specimen = wanted(upstream, 'structured')
      // A client checks a result against the schema it was listed with.
      await driver.listTools()
      const result = await driver.callTool(toCall(specimen))
      const content = result.structuredContent
      const isThere = typeof content === 'object' && content !== null && specimen.property in content
      expect(isThere, `structuredContent is ${JSON.stringify(content)}`)
    },
  },
  {
    ...onSpecimen('resources: list', 'resource'),
    async prove({ driver, upstream }) {
      const uris = (await driver.listResources?.())?.map(({ uri }) => uri) ?? []
      expect(uris.includes(wanted(upstream, 'resource').uri), `listed ${uris.join(', ')}`)
    },
  },
  {
    ...onSpecimen('resources: read', 'resource'),
    prove: ({ driver, upstream }) => readSpecimen(driver, wanted(upstream, 'resource')),
  },
  {
    ...onSpecimen('resource templates', 'template'),
    async prove({ driver, upstream }) {
      const specimen = wanted(upstream, 'template')
      const listed = (await driver.listTemplates?.())?.map(({ uriTemplate }) => uriTemplate) ?? []
      expect(listed.includes(specimen.uriTemplate), `listed ${listed.join(', ')}`)
      await readSpecimen(driver, specimen)
    },
  },
  {
    ...onSpecimen('prompts: list', 'prompt'),
    async prove({ driver, upstream }) {
      const names = (await driver.listPrompts?.())?.map(({ name }) => name) ?? []
      expect(names.includes(wanted(upstream, 'prompt').name), `listed ${names.join(', ')}`)
    },
  },
  {
    ...onSpecimen('prompts: get', 'prompt'),
    async prove({ driver, upstream }) {
      const specimen = wanted(upstream, 'prompt')
      const text = JSON.stringify(await driver.getPrompt?.(specimen.name, specimen.args))
      expect(text?.includes(specimen.expect) === true, `got ${text}`)
    },
  },
  {
    ...onSpecimen('completion', 'completion'),
    async prove({ driver, upstream }) {
      const { expect: wantedValue, ref, argument } = wanted(upstream, 'completion')
      const values = (await driver.complete?.({ ref, argument })) ?? []
      expect(values.includes(wantedValue), `completed ${values.join(', ')}`)
    },
  },
  {
    ...onSpecimen('progress', 'progress'),
    async prove({ driver, upstream }) {
      const seen: number[] = []
      await callSpecimen(driver, wanted(upstream, 'progress'), {
        onProgress: (progress) => seen.push(progress),
      })
      // SDK 2.4 repeats the last value to its caller between two rounds of questions.
      const isRising = seen.every((progress, index) => index === 0 || progress >= (seen[index - 1] ?? 0))
      const least = driver.losesLastProgress === true ? 2 : 3
      expect(seen.length >= least && isRising, `progress ${seen.join(', ')}`)
    },
  },
  asking('sampling', 'sampling'),
  asking('elicitation (form)', 'elicitation'),
  asking('elicitation (URL)', 'urlElicitation'),
  asking('roots', 'roots'),
]

/** A tool that asks the client something and repeats the answer. */
function asking(name: string, key: 'sampling' | 'elicitation' | 'urlElicitation' | 'roots'): Feature {
  return {
    ...onSpecimen(name, key),
    prove: ({ driver, upstream }: Proof) => callSpecimen(driver, wanted(upstream, key)),
  }
}

function onSpecimen(name: string, key: keyof Specimen): Pick<Feature, 'name' | 'isMissingFrom'> {
  return {
    name,
    isMissingFrom: ({ specimen }) => (specimen[key] === undefined ? notOffered : undefined),
  }
}

function wanted<key extends keyof Specimen>(upstream: MatrixUpstream, key: key): NonNullable<Specimen[key]> {
  const specimen = upstream.specimen[key]
  if (specimen === undefined || specimen === null) throw new Error(`${upstream.id} has no specimen of ${key}`)
  return specimen
}

async function callSpecimen(
  driver: Driver,
  specimen: ToolSpecimen,
  more: Partial<ToolCall> = {},
): Promise<void> {
  const result = await driver.callTool({ ...toCall(specimen), ...more })
  expect(textOf(result).includes(specimen.expect) && result.isError !== true, `answered ${textOf(result)}`)
}

async function readSpecimen(driver: Driver, specimen: { uri: string; expect: string }): Promise<void> {
  const contents = (await driver.readResource?.(specimen.uri)) ?? []
  const text = contents.map((content) => content.text ?? '').join('\n')
  expect(text.includes(specimen.expect), `read ${text.slice(0, 200)}`)
}

function toCall({ name, args }: ToolSpecimen): ToolCall {
  return args === undefined ? { name } : { name, args }
}

export function textOf(result: ToolResult): string {
  return result.content.map((block) => block.text ?? `[${block.type}]`).join('\n')
}
