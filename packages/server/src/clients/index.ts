export type { Agent, App, ClientDirectory } from './clients.ts'
