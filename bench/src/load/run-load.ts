import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { compile } from '../kit/compile.ts'
import type { Started } from '../kit/start-process.ts'
import { startProcess } from '../kit/start-process.ts'
import type { RawRequest } from './requests.ts'

export interface LoadOptions {
  readonly port: number
  readonly request: RawRequest
  readonly connections: number
  readonly seconds: number
  readonly core?: number
}

export interface LoadResult {
  readonly requests: number
  /** Answers that were not 200, lacked the marker or the request's id. */
  readonly wrong: number
  readonly events: number
  readonly seconds: number
  readonly p50Us: number
  readonly p99Us: number
}

/** Sends one request over and over for some seconds. Rejects when any answer was wrong: then nothing was measured. */
export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  await using file = requestFile(options.request)
  const load = await startLoad(options, file.path, String(options.seconds), /^(\{.*\})$/m)
  await load.stop()
  const result = JSON.parse(load.match[1]!) as LoadResult
  if (result.wrong > 0 || result.requests === 0) {
    throw new Error(`${result.wrong} of ${result.requests} answers were wrong:\n${load.output()}`)
  }
  return result
}

export interface HeldStreams extends AsyncDisposable {
  readonly held: number
}

/** Opens event streams and holds them until disposed. */
export async function holdStreams(options: Omit<LoadOptions, 'seconds'>): Promise<HeldStreams> {
  const file = requestFile(options.request)
  const load = await startLoad({ ...options, seconds: 150 }, file.path, 'hold', /^\{"held":(\d+).*\}$/m)
  return {
    held: Number(load.match[1]),
    [Symbol.asyncDispose]: async () => {
      await load.stop()
      await file[Symbol.asyncDispose]()
    },
  }
}

function startLoad(options: LoadOptions, file: string, mode: string, ready: RegExp): Promise<Started> {
  const binary = compile(resolve(import.meta.dirname, 'load.c'))
  if (binary === undefined)
    throw new Error('the load generator needs a C compiler: apt-get install gcc libc6-dev')
  const args = [String(options.port), file, String(options.connections), mode, options.request.marker]
  const timeoutMs = options.seconds * 1000 + 30_000
  return startProcess({ command: binary, args, core: options.core, ready, timeoutMs, input: 'pipe' })
}

function requestFile(request: RawRequest): AsyncDisposable & { path: string } {
  const directory = mkdtempSync(join(tmpdir(), 'parley-bench-'))
  const path = join(directory, 'request')
  writeFileSync(path, request.bytes)
  return { path, [Symbol.asyncDispose]: async () => rmSync(directory, { recursive: true, force: true }) }
}
