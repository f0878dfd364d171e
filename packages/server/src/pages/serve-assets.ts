import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { ParleyError } from '@parley/contract'
import { sendProblem, type RawHandler } from '../http/index.ts'

const FILES = [
  'page.css',
  'mark.svg',
  'passkey.js',
  'copy.js',
  'consent.js',
  'consent.css',
  'account-apps.css',
] as const

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** Serves the files of `assets`, read once. */
export function serveAssets(): RawHandler {
  const assets = new Map(FILES.map((name) => [`/assets/${name}`, readAsset(name)]))
  return function serveAsset(request, response, path) {
    const asset = assets.get(path)
    if (!asset || (request.method !== 'GET' && request.method !== 'HEAD'))
      return sendProblem(response, new ParleyError('not_found', 'There is nothing at this address.'))
    const isKnown = request.headers['if-none-match'] === asset.etag
    response.writeHead(isKnown ? 304 : 200, {
      etag: asset.etag,
      'cache-control': 'no-cache',
      'content-type': asset.type,
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox",
      ...(isKnown ? {} : { 'content-length': asset.bytes.length }),
    })
    response.end(isKnown ? undefined : asset.bytes)
  }
}

function readAsset(name: string): { bytes: Buffer; etag: string; type: string } {
  const bytes = readFileSync(join(import.meta.dirname, 'assets', name))
  const etag = `"${createHash('sha256').update(bytes).digest('base64url')}"`
  return { bytes, etag, type: TYPES[extname(name)]! }
}
