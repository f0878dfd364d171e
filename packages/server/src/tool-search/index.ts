export { ToolIndex } from './tool-index.ts'
export type { Hit, SearchableTool } from './tool-index.ts'
