import { HOW, openWebhooksIn, statusOf } from './test-kit.ts'

/** A process for `killed.test.ts`: goes on with what waits in a database, puts down more, and says what is on disk. */
const [dataDir = '', sink = '', run = '', count = ''] = process.argv.slice(2)
const kit = await openWebhooksIn(dataDir, { allow: [sink] })
kit.start()
const known = kit.webhooks.all()[0]?.webhook.task
const task = known ?? kit.newTask()
if (known === undefined) await kit.webhooks.set(task, { id: 'mine', url: sink }, HOW)
for (let at = 0; at < Number(count); at++) {
  const text = String(Number(run) * 1000 + at)
  await kit.tell(task, statusOf(task, text))
  process.stdout.write(`${text}\n`)
}
// Until it is killed.
setInterval(() => undefined, 1000)
