import type { JsonObject } from '../wire/json.ts'

/** What the agent does in one turn, in the JSON form of A2A 1.0. */
export type Script =
  | { readonly kind: 'message'; readonly parts: readonly JsonObject[] }
  | { readonly kind: 'task'; readonly steps: readonly Step[] }

export type Step =
  | { readonly do: 'state'; readonly state: string; readonly text?: string }
  | {
      readonly do: 'artifact'
      readonly artifact: JsonObject
      readonly append?: boolean
      readonly lastChunk?: boolean
    }
  | { readonly do: 'wait'; readonly waitMs: number }
  /** Until somebody cancels the task. */
  | { readonly do: 'endure' }

/** What a script may know of the request that asks for it. */
export interface Asked {
  readonly message: JsonObject
  readonly configuration: JsonObject
  readonly extensions: readonly string[]
  readonly referenceTaskIds: readonly string[]
}

/** The behaviour that the beginning of the message's id asks for; the longest beginning wins. */
export function scriptFor(asked: Asked): Script {
  const id = String(asked.message['messageId'] ?? '')
  const prefix = Object.keys(SCRIPTS)
    .filter((each) => id.startsWith(each))
    .toSorted((one, other) => other.length - one.length)[0]
  return prefix === undefined ? echoText(asked) : SCRIPTS[prefix]!(asked)
}

/** 1 KB of silence: a wave file of 8 kHz, 8 bit, mono. */
export const SILENCE = wave(1000)
/** One transparent pixel. */
export const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

const working = state('TASK_STATE_WORKING')
const completed = state('TASK_STATE_COMPLETED')
const textFile = { raw: btoa('tck'), mediaType: 'text/plain', filename: 'output.txt' }
const fileUrl = { url: 'https://example.com/output.txt', mediaType: 'text/plain', filename: 'output.txt' }

const SCRIPTS: Readonly<Record<string, (asked: Asked) => Script>> = {
  // As the TCK's own agents behave (its `scenarios`).
  'tck-complete-task': () => task(state('TASK_STATE_COMPLETED', 'Hello from TCK')),
  'tck-artifact-text': () => task(artifact([{ text: 'Generated text content' }]), completed),
  'tck-artifact-file': () => task(artifact([textFile]), completed),
  'tck-artifact-file-url': () => task(artifact([fileUrl]), completed),
  'tck-artifact-data': () => task(artifact([{ data: { key: 'value', count: 42 } }]), completed),
  'tck-message-response': () => ({ kind: 'message', parts: [{ text: 'Direct message response' }] }),
  'tck-input-required': () => task(state('TASK_STATE_INPUT_REQUIRED')),
  'tck-reject-task': () => task(state('TASK_STATE_REJECTED', 'rejected')),
  'tck-stream-001': () => task(working, artifact([{ text: 'Stream hello from TCK' }]), completed),
  'tck-stream-002': () => task(completed),
  'tck-stream-003': () => task(working, artifact([{ text: 'Stream task lifecycle' }]), completed),
  'tck-stream-ordering-001': () => task(working, artifact([{ text: 'Ordered output' }]), completed),
  'tck-stream-artifact-text': () => task(working, artifact([{ text: 'Streamed text content' }]), completed),
  'tck-stream-artifact-file': () => task(working, artifact([textFile]), completed),
  'tck-stream-artifact-chunked': () =>
    task(
      working,
      artifact([{ text: 'chunk-1 ' }], { append: false }),
      artifact([{ text: 'chunk-2' }], { append: true, lastChunk: true }),
      completed,
    ),
  'test-resubscribe-message-id': () => task(working, { do: 'wait', waitMs: 4000 }, completed),
  // What the suite asks for beside it.
  'own-ask': () => task(state('TASK_STATE_INPUT_REQUIRED', 'From where to where?')),
  'own-auth': () => task(working, state('TASK_STATE_AUTH_REQUIRED', 'The calendar wants your consent.')),
  'own-fail': () => task(working, state('TASK_STATE_FAILED', 'The tool broke.')),
  'own-endless': () => task(working, { do: 'endure' }),
  'own-slow': () => task(working, { do: 'wait', waitMs: 700 }, artifact([{ text: 'slow' }]), completed),
  'own-chunks': () => task(working, ...chunks(12), completed),
  'own-media': () =>
    task(
      working,
      artifact([{ raw: SILENCE, mediaType: 'audio/wav', filename: 'answer.wav' }], { id: 'audio' }),
      artifact([{ raw: PIXEL, mediaType: 'image/png', filename: 'answer.png' }], { id: 'image' }),
      artifact([{ data: { list: [1, null, 'x', { deep: true }] }, mediaType: 'application/json' }], {
        id: 'data',
      }),
      completed,
    ),
  'own-echo': ({ message }) => task(artifact(message['parts'] as JsonObject[]), completed),
  'own-told': ({ message: _own, ...told }) =>
    task(
      artifact([
        { data: { ...told, extensions: [...told.extensions], referenceTaskIds: [...told.referenceTaskIds] } },
      ]),
      completed,
    ),
  'own-message': ({ message }) => ({ kind: 'message', parts: message['parts'] as JsonObject[] }),
}

function echoText({ message }: Asked): Script {
  const texts = (message['parts'] as JsonObject[]).flatMap(({ text }) =>
    typeof text === 'string' ? [text] : [],
  )
  return task(working, artifact([{ text: `You said: ${texts.join(' ')}` }]), completed)
}

function task(...steps: Step[]): Script {
  return { kind: 'task', steps }
}

function state(name: string, text?: string): Step {
  return { do: 'state', state: name, ...(text === undefined ? {} : { text }) }
}

function artifact(
  parts: readonly JsonObject[],
  { id = 'result', ...chunk }: { id?: string; append?: boolean; lastChunk?: boolean } = {},
): Step {
  return { do: 'artifact', artifact: { artifactId: id, name: id, parts: [...parts] }, ...chunk }
}

function chunks(count: number): Step[] {
  return Array.from({ length: count }, (_, index) =>
    artifact([{ text: `${index} ` }], { id: 'chunks', append: index > 0, lastChunk: index === count - 1 }),
  )
}

function wave(samples: number): string {
  const bytes = Buffer.alloc(44 + samples, 0x80)
  bytes.write('RIFF', 0)
  bytes.writeUInt32LE(36 + samples, 4)
  bytes.write('WAVEfmt ', 8)
  bytes.writeUInt32LE(16, 16)
  bytes.writeUInt16LE(1, 20)
  bytes.writeUInt16LE(1, 22)
  bytes.writeUInt32LE(8000, 24)
  bytes.writeUInt32LE(8000, 28)
  bytes.writeUInt16LE(1, 32)
  bytes.writeUInt16LE(8, 34)
  bytes.write('data', 36)
  bytes.writeUInt32LE(samples, 40)
  return bytes.toString('base64')
}
