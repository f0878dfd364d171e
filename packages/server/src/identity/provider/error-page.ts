import { html, type Html, type PageKit } from '../../pages/index.ts'
import type { ServerResponse } from 'node:http'
import type { ProviderError } from './library.ts'
import type { ProviderContext } from './types.ts'

/** What a person can do about a request that goes nowhere. The app is not told: it is not known to be the app. */
const WORDS: Readonly<Record<string, string>> = {
  invalid_client:
    'Parley does not know the app that sent you here, or the app was suspended. Remove the connection in the app and add it again; if that does not help, ask your administrator.',
  invalid_redirect_uri:
    'The app asked to be answered at an address that it has not registered. Parley does not send anything there. Remove the connection in the app and add it again.',
  session_not_found:
    'This request is over: it was answered, took too long, or was begun in another browser. Go back to the app and start again.',
  server_error: 'Something went wrong inside Parley. Try again in a moment; the log says what happened.',
}
const OTHERWISE =
  'The app sent a request that Parley cannot answer. Start again in the app, or tell its makers this:'

export type SendErrorPage = (response: ServerResponse, status: number, message: string) => void

export function createSendErrorPage(pages: PageKit): SendErrorPage {
  return (response, status, message) =>
    pages.send(response, { status, title: 'That did not work', body: body(message) })
}

/** `renderError` of the provider: never a redirect, never more than its public words. */
export function createRenderError(pages: PageKit) {
  return async function renderError(
    context: ProviderContext & { respond?: boolean },
    out: { readonly error?: string; readonly error_description?: string },
    error: ProviderError,
  ): Promise<void> {
    const name = error.name === 'SessionNotFound' ? 'session_not_found' : (out.error ?? 'server_error')
    const words = WORDS[name]
    // Whoever makes the app wants to know what is wrong with its metadata document.
    const isForMakers = words === undefined || name === 'invalid_client'
    const detail = isForMakers ? `${name}: ${out.error_description ?? ''}` : undefined
    // The page kit writes the response, headers and all.
    context.respond = false
    pages.send(context.res, {
      status: error.statusCode >= 400 && error.statusCode < 500 ? error.statusCode : 503,
      title: 'That did not work',
      body: body(words ?? OTHERWISE, detail),
    })
  }
}

function body(message: string, detail?: string): Html {
  return html`<h1>That did not work</h1>
    <p role="alert">${message}</p>
    ${detail !== undefined && html`<p><code>${detail}</code></p>`}`
}
