import { HOW, openWebhooksIn, statusOf } from './test-kit.ts'

/** A process for `killed.test.ts`: goes on with what waits in a database, and puts down more. */
const [dataDir = '', sink = '', first = '', last = ''] = process.argv.slice(2)
const kit = await openWebhooksIn(dataDir, { allow: [sink] })
kit.start()
const known = kit.webhooks.all()[0]?.webhook.task
const task = known ?? kit.newTask()
if (known === undefined) await kit.webhooks.set(task, { id: 'mine', url: sink }, HOW)
process.stdout.write('begun\n')
for (let at = Number(first); at < Number(last); at++) {
  await kit.tell(task, statusOf(task, String(at)))
  process.stdout.write(`${at}\n`)
}
// Until it is killed.
setInterval(() => undefined, 1000)
