import { launchChromium } from '../../../packages/server/test/browser.ts'
import { startConsentHub } from '../../../packages/server/test/consent-hub.ts'
import type { Leg } from '../leg.ts'
import { runAuthorizationSuite } from './run-authorization-suite.ts'
import { runPublishedClients } from './run-published-clients.ts'

/** The hub as an authorization server, with a person in Chromium: the suite's checks, and published clients. */
export async function runAuthorizationLegs(): Promise<Leg[]> {
  await using browser = await launchChromium()
  await using hub = await startConsentHub(browser)
  return [...(await runAuthorizationSuite(hub)), await runPublishedClients(hub)]
}
