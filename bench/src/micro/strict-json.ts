import { referenceSpans } from '../../../packages/server/src/lib/strict-json/fixtures/reference-envelope.ts'
import { scanEnvelope } from '../../../packages/server/src/lib/strict-json/index.ts'
import { median } from '../kit/statistics.ts'
import { modernCall } from '../load/requests.ts'

const ROUNDS = 31
const ROUND_BYTES = 1_000_000

/**
 * Times the strict scan, the byte by byte reference and `JSON.parse` in turns, so that a slow moment of the machine hits
 * all of them, and prints medians.
 */
function main(): void {
  console.log('text          bytes     scan ns    ns/byte   reference ns    ratio   JSON.parse ns')
  for (const [name, text] of Object.entries(texts())) {
    const repeat = Math.max(1, Math.round(ROUND_BYTES / text.length))
    const scans = {
      scan: () => scanEnvelope(text),
      reference: () => referenceSpans(text),
      parse: () => parse(text),
    }
    for (let warm = 0; warm < 10; warm++) for (const scan of Object.values(scans)) timeNs(scan, repeat)
    const rounds = Array.from({ length: ROUNDS }, () => ({
      scan: timeNs(scans.scan, repeat),
      reference: timeNs(scans.reference, Math.ceil(repeat / 4)),
      parse: timeNs(scans.parse, Math.ceil(repeat / 4)),
    }))
    const scan = median(rounds.map((round) => round.scan))
    const columns = [
      name.padEnd(12),
      String(text.length).padStart(7),
      scan.toFixed(0).padStart(11),
      (scan / text.length).toFixed(3).padStart(10),
      median(rounds.map((round) => round.reference))
        .toFixed(0)
        .padStart(14),
      median(rounds.map((round) => round.reference / round.scan))
        .toFixed(1)
        .padStart(8),
      median(rounds.map((round) => round.parse))
        .toFixed(0)
        .padStart(15),
    ]
    console.log(columns.join(' '))
  }
}

function timeNs(work: () => unknown, repeat: number): number {
  const started = process.hrtime.bigint()
  for (let at = 0; at < repeat; at++) work()
  return Number(process.hrtime.bigint() - started) / repeat
}

function parse(text: Buffer): unknown {
  return JSON.parse(text.toString('utf8')) as unknown
}

function texts(): Record<string, Buffer> {
  const rich = callBody(102_400)
  const escaped = Array.from({ length: 5000 }, (_, at) => `"\\u00e9${at}":0`).join(',')
  const keys = Array.from({ length: 70_000 }, (_, at) => `"key-${at}":0`).join(',')
  return {
    'a call': callBody(0),
    '1 KB': callBody(1024),
    '10 KB': callBody(10_240),
    '100 KB': rich,
    '100 KB text': Buffer.from(JSON.stringify({ method: 'x', params: { name: 'x'.repeat(102_400) } })),
    indented: Buffer.from(JSON.stringify(JSON.parse(rich.toString()), null, 2)),
    'escaped keys': Buffer.from(`{"id":{${escaped}}}`),
    '70,000 keys': Buffer.from(`{"id":{${keys}}}`),
  }
}

function callBody(bodyBytes: number): Buffer {
  const { bytes } = modernCall({ path: '/mcp', bodyBytes })
  return Buffer.from(
    bytes
      .subarray(bytes.indexOf('\r\n\r\n') + 4)
      .toString()
      .replaceAll('@@ID@@@@', '12345678'),
  )
}

main()
