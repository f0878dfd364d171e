import { parseArgs } from 'node:util'
import { printOutcomes } from './print-outcomes.ts'
import { runSuite } from './run-suite.ts'
import { findSubject } from './subject.ts'
import { startWebhookListener } from './webhook-listener.ts'
import { BINDINGS } from './wire/operations.ts'
import type { Binding } from './wire/operations.ts'

const usage = `node conformance/src/a2a/main.ts --url CARD_URL [--token TOKEN] [--binding BINDING]... [--only TEXT] [--json]

Holds an A2A agent to the specification 1.0.1, in each binding that its card has. The agent must behave as
conformance/src/a2a/agent/scripts.ts says; \`node conformance/src/a2a/sdk-agent.ts\` is one.

  --url CARD_URL     the agent's card
  --token TOKEN      a bearer token
  --other-token      one of somebody else, --expired-token, --wrong-audience-token, --narrow-token,
  --unattended-token: see Credentials in subject.ts
  --binding BINDING  ${BINDINGS.join(', ')}; may be given several times
  --only TEXT        checks whose name has the text, or that prove this requirement
  --json             the outcomes as JSON`

await main()

async function main(): Promise<void> {
  const text = { type: 'string' } as const
  const { values } = parseArgs({
    options: {
      url: text,
      token: text,
      'other-token': text,
      'expired-token': text,
      'wrong-audience-token': text,
      'narrow-token': text,
      'unattended-token': text,
      binding: { type: 'string', multiple: true },
      only: text,
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help || values.url === undefined) {
    console.log(usage)
    process.exitCode = values.help ? 0 : 1
    return
  }
  const { url, token, only, json } = values
  const credentials = Object.fromEntries(
    Object.entries({
      other: values['other-token'],
      expired: values['expired-token'],
      wrongAudience: values['wrong-audience-token'],
      narrow: values['narrow-token'],
      unattended: values['unattended-token'],
    }).filter(([, value]) => value !== undefined),
  )
  await using webhooks = await startWebhookListener()
  const subject = await findSubject(url, { token, credentials })
  const bindings = values.binding?.filter((each): each is Binding => BINDINGS.includes(each as Binding))
  const outcomes = await runSuite(subject, {
    webhooks,
    ...(bindings === undefined ? {} : { bindings }),
    ...(only === undefined ? {} : { only }),
  })
  if (json)
    console.log(
      JSON.stringify(
        outcomes.map(({ check, ...rest }) => ({ ...check, ...rest })),
        null,
        2,
      ),
    )
  else printOutcomes(url, outcomes)
  if (outcomes.some(({ verdict }) => verdict === 'failed')) process.exitCode = 1
}
