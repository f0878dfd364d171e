export { Envelope, scanEnvelope, type Span } from './envelope.ts'
export { parseStrict } from './parse-strict.ts'
export { MAX_DEPTH } from './text-scanner.ts'
export { StrictJsonError } from './strict-json-error.ts'
