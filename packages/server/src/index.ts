export { runServe } from './main.ts'
export { VERSION, startHub } from './server.ts'
export type { Hub, Log } from './server.ts'
