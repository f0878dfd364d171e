import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Secret, TOTP } from 'otpauth'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchChromium, look, newVisitor } from './browser.ts'
import { BY, PASSWORD } from './start-people.ts'
import { startTestHub } from './start-test-hub.ts'

let browser: Browser

beforeAll(async () => {
  browser = await launchChromium()
})
afterAll(() => browser?.close())

test('the first administrator joins with a passkey, signs out, and comes back with it', async () => {
  await using hub = await startTestHub()
  const visitor = await newVisitor(browser)
  const { page } = visitor
  await visitor.addAuthenticator()
  await page.goto(hub.hub.setupLink!)
  await look(page, 'setup')
  await page.getByLabel('Email').fill('Ada@Example.com')
  await page.getByLabel('Your name').fill('Ada Lovelace')
  await page.getByRole('button', { name: 'Create a passkey' }).click()
  await page.waitForURL('**/account')
  expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Ada Lovelace')
  await look(page, 'account')
  await page.getByRole('link', { name: 'Say it, or change it' }).click()
  await page.getByLabel('Languages').fill('de, en')
  await page.getByLabel('I use a screen reader').check()
  await page.getByLabel('Plain words').check()
  await look(page, 'presentation')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.waitForURL('**/account')
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.waitForURL('**/login')
  await page.goto(`${hub.url}/login`)
  await look(page, 'login')
  await page.waitForURL('**/account')
  expect(visitor.complaints).toEqual([])
})

test('C6: an invited person chooses a password, must add a second factor, and comes back with code and recovery code', async () => {
  await using hub = await startTestHub()
  const { url } = await hub.hub.people.management.invite(
    { email: 'grace@example.com', roles: ['member'], groups: [] },
    BY,
  )
  const visitor = await newVisitor(browser)
  const { page, complaints } = visitor
  await page.goto(url)
  await page.getByLabel('Your name').fill('Grace Hopper')
  await page.getByLabel('Password').fill('password12')
  await page.getByRole('button', { name: 'Use this password' }).click()
  await page.getByRole('alert').waitFor()
  await look(page, 'invite-weak')
  await page.getByLabel('Password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Use this password' }).click()
  await page.waitForURL('**/login/enrol')
  await look(page, 'enrol')
  await page.goto(`${hub.url}/account`)
  await page.waitForURL('**/login/enrol**')

  await page.getByRole('link', { name: 'Use an authenticator app' }).click()
  await page.getByText('I cannot scan it').click()
  await look(page, 'totp')
  const secret = Secret.fromBase32((await page.locator('.secret').textContent())!.replaceAll(' ', ''))
  const codeAt = (ms: number) => new TOTP({ secret }).generate({ timestamp: ms })
  await page.getByLabel('Code that the app shows').fill(codeAt(Date.now()))
  await page.getByRole('button', { name: 'Turn it on' }).click()
  await page.getByRole('heading', { name: 'Save your recovery codes' }).waitFor()
  const codes = await page.locator('.codes li').allTextContents()
  expect(new Set(codes).size).toBe(10)
  await look(page, 'recovery-codes')
  await page.getByRole('link', { name: 'I have saved them' }).click()
  await page.waitForURL('**/account')
  await look(page, 'account-password')

  const signIn = async () => {
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.waitForURL('**/login')
    await page.getByLabel('Email').fill('grace@example.com')
    await page.getByLabel('Password').fill(PASSWORD)
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.waitForURL('**/login/second-factor')
  }
  await signIn()
  await look(page, 'second-factor')
  await page.getByLabel('Code from your authenticator app').fill(codeAt(Date.now() + 30_000))
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.waitForURL('**/account')
  await signIn()
  await page.getByText('Use a recovery code').click()
  await page.getByLabel('Recovery code').fill(codes[3]!.toUpperCase())
  await page.locator('details').getByRole('button', { name: 'Continue' }).click()
  await page.waitForURL('**/account')
  expect(await page.getByText('9 of your recovery codes are left').count()).toBe(1)
  await signIn()
  await page.getByText('Use a recovery code').click()
  await page.getByLabel('Recovery code').fill(codes[3]!)
  await page.locator('details').getByRole('button', { name: 'Continue' }).click()
  await page.getByRole('alert').waitFor()
  await page.getByText('Use a recovery code').click()
  await page.getByLabel('Recovery code').fill(codes[4]!)
  await page.locator('details').getByRole('button', { name: 'Continue' }).click()
  await page.waitForURL('**/account')

  const stepUp = `${hub.url}/login?acr=urn:parley:passkey&return_to=/account/totp`
  await page.goto(stepUp)
  await look(page, 'step-up')
  expect(await page.getByLabel('Password').count()).toBe(0)
  await visitor.addAuthenticator()
  await page.getByRole('link', { name: 'Add one' }).click()
  await page.getByLabel('Name').fill('Blue key')
  await look(page, 'add-passkey')
  await page.getByRole('button', { name: 'Create a passkey' }).click()
  await page.waitForURL('**/account/totp')
  await page.goto(`${hub.url}/account`)
  expect(await page.getByText('Blue key').count()).toBe(1)
  expect(complaints.filter((text) => !/status of 40[01]/.test(text))).toEqual([])
})

test('C1: signing out everywhere else ends the other browser at once, and a passkey without verification opens nothing', async () => {
  await using hub = await startTestHub()
  const first = await newVisitor(browser)
  const authenticator = await first.addAuthenticator()
  const { page } = first
  await page.goto(hub.hub.setupLink!)
  await page.getByLabel('Email').fill('ada@example.com')
  await page.getByLabel('Your name').fill('Ada')
  await page.getByRole('button', { name: 'Create a passkey' }).click()
  await page.waitForURL('**/account')

  const second = await newVisitor(browser)
  const other = await second.addAuthenticator()
  const { credentials } = await first.devtools.send('WebAuthn.getCredentials', {
    authenticatorId: authenticator,
  })
  for (const credential of credentials)
    await second.devtools.send('WebAuthn.addCredential', {
      authenticatorId: other,
      credential: { ...credential, signCount: credential.signCount + 100 },
    })
  await second.page.goto(`${hub.url}/account`)
  await second.page.waitForURL('**/account')
  expect(await second.page.getByRole('heading', { level: 1 }).textContent()).toBe('Ada')

  await page.goto(`${hub.url}/account`)
  await look(page, 'account-sessions')
  await page.getByRole('button', { name: 'Sign out everywhere else' }).click()
  await page.waitForURL('**/account')
  await second.devtools.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId: other })
  await second.page.goto(`${hub.url}/account`)
  await second.page.waitForURL('**/login')

  await first.devtools.send('WebAuthn.setUserVerified', {
    authenticatorId: authenticator,
    isUserVerified: false,
  })
  await first.context.clearCookies()
  await page.goto(`${hub.url}/login`)
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
  await page.getByText('Try again').waitFor()
  await look(page, 'login-failed')
  expect(page.url()).toContain('/login')
})

test('C3: no page of ours stands in a frame of another', async () => {
  await using hub = await startTestHub()
  const { page, complaints } = await newVisitor(browser)
  const frames = [`${hub.url}/login`, hub.hub.setupLink!].map((url) => `<iframe src="${url}"></iframe>`)
  const evil = createServer((_, response) =>
    response.setHeader('content-type', 'text/html').end(frames.join('')),
  )
  await new Promise<void>((resolve) => evil.listen(0, '127.0.0.1', resolve))
  await page.goto(`http://127.0.0.1:${(evil.address() as AddressInfo).port}/`)
  await expect.poll(() => complaints.filter((text) => /frame-ancestors|frame/.test(text)).length).toBe(2)
  expect(page.frames().length).toBe(3)
  for (const frame of page.frames().slice(1)) expect(await frame.content()).not.toContain('Parley')
  evil.close()
})
