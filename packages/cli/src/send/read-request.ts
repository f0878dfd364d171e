import { readFileSync, statSync } from 'node:fs'
import { basename, extname, resolve } from 'node:path'
import type { Said, SendOptions } from '@parley/sdk/agent'
import { CliError } from '../cli-error.ts'
import { listOf, textOf, type Given } from '../command.ts'

type Part = Readonly<Record<string, unknown>>

/** Base64 takes a third more; a hub takes 1 MiB unless it is told otherwise, and 64 MiB at most. */
const FILE_LIMIT_BYTES = 48 * 1024 * 1024

/** What a command line says to an agent. */
export interface SendRequest {
  readonly said: Said
  readonly options: Pick<SendOptions, 'taskId' | 'contextId' | 'configuration'>
}

export function readRequest(given: Given, text: string | undefined): SendRequest {
  const parts: Part[] = [
    ...(text === undefined ? [] : [{ text }]),
    ...listOf(given, 'file').map((file) => readFile(given.directory, file)),
    ...listOf(given, 'data').map(readData),
  ]
  if (parts.length === 0)
    throw new CliError('Say something to the agent.', { hint: 'parley send AGENT TEXT, --file or --data' })
  const taskId = textOf(given, 'task')
  const contextId = textOf(given, 'context')
  const modes = listOf(given, 'accept')
  const configuration = {
    ...(modes.length > 0 && { acceptedOutputModes: modes }),
    ...(given.values['no-wait'] === true && { returnImmediately: true }),
  }
  return {
    said: { parts },
    options: {
      ...(taskId !== undefined && { taskId }),
      ...(contextId !== undefined && { contextId }),
      ...(Object.keys(configuration).length > 0 && { configuration }),
    },
  }
}

/** An address is passed on as it is, for the agent to read; a file is sent. */
function readFile(directory: string, named: string): Part {
  if (/^https?:\/\//.test(named))
    return { url: named, filename: basename(new URL(named).pathname), mediaType: mediaTypeOf(named) }
  const path = resolve(directory, named)
  try {
    const { size } = statSync(path)
    if (size > FILE_LIMIT_BYTES)
      throw new CliError(`${named} has ${size} bytes; a message takes ${FILE_LIMIT_BYTES} at most.`, {
        hint: 'Put it where the agent can read it, and send the address: --file https://…',
      })
    const raw = readFileSync(path).toString('base64')
    return { raw, filename: basename(path), mediaType: mediaTypeOf(path) }
  } catch (error) {
    if (error instanceof CliError) throw error
    throw new CliError(`${named} cannot be read: ${(error as Error).message}`, { cause: error })
  }
}

function readData(text: string): Part {
  try {
    return { data: JSON.parse(text) as unknown, mediaType: 'application/json' }
  } catch (error) {
    throw new CliError(`--data is not JSON: ${(error as Error).message}`, {
      cause: error,
      hint: `Such as --data '{"city":"Bern"}'`,
    })
  }
}

function mediaTypeOf(name: string): string {
  return MEDIA_TYPES[extname(name).toLowerCase()] ?? 'application/octet-stream'
}

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.csv': 'text/csv',
  '.gif': 'image/gif',
  '.html': 'text/html',
  '.jpeg': 'image/jpeg',
  '.jpg': 'image/jpeg',
  '.json': 'application/json',
  '.md': 'text/markdown',
  '.mp3': 'audio/mpeg',
  '.mp4': 'video/mp4',
  '.ogg': 'audio/ogg',
  '.pdf': 'application/pdf',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain',
  '.wav': 'audio/wav',
  '.webp': 'image/webp',
  '.xml': 'application/xml',
  '.zip': 'application/zip',
}
