export { html, raw } from './html.ts'
export type { Html } from './html.ts'
