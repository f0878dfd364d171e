export type { AgentEntry, Directory } from './directory.ts'
