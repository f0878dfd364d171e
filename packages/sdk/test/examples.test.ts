import { describeResourceServer } from './resource-server.contract.ts'
import { startExample } from './start-example.ts'

describeResourceServer('the Express example', () => startExample('express-notes/main.ts'))
describeResourceServer('the Hono example', () => startExample('hono-notes/main.ts'))
