/**
 * Values of node:http, which nothing else may `import`: an import reads every export, and behind `WebSocket` is the whole
 * of Node's own fetch: 14 MB of memory and a tenth of a start that no hub needs.
 */
export const { createServer, IncomingMessage, STATUS_CODES } = process.getBuiltinModule('node:http')
