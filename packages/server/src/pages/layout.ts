import { html, type Html } from './html.ts'

export interface Page {
  /** Plain text; the product's name is added. */
  readonly title: string
  readonly body: Html
  /** Files of `/assets` that the page runs. */
  readonly scripts?: readonly string[]
  /** Files of `/assets` that it is styled with, beside `page.css`. */
  readonly styles?: readonly string[]
  /** Seconds and address of a page that goes on by itself. */
  readonly refresh?: { readonly seconds: number; readonly url: string }
  /** `wide` for pages with lists. */
  readonly width?: 'narrow' | 'wide'
}

/** The document around every page: one column, no inline script or style, readable without either. */
export function layout(page: Page): string {
  const { markup } = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        ${page.refresh && html`<meta http-equiv="refresh" content="${page.refresh.seconds};url=${page.refresh.url}" />`}
        <title>${page.title} · Parley</title>
        <link rel="icon" href="/assets/mark.svg" type="image/svg+xml" />
        ${['page.css', ...(page.styles ?? [])].map((name) => html`<link rel="stylesheet" href="/assets/${name}" />`)}
        ${(page.scripts ?? []).map((name) => html`<script type="module" src="/assets/${name}"></script>`)}
      </head>
      <body>
        <header class="top">
          <img src="/assets/mark.svg" alt="" width="28" height="28" /><span>Parley</span>
        </header>
        <main class="${page.width ?? 'narrow'}">${page.body}</main>
      </body>
    </html> `
  return markup
}
