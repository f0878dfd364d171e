import type { App } from '../../clients/index.ts'
import { html, type Html } from '../../pages/index.ts'

/** Who vouches for an app's name: a name alone can be anybody's. */
export function voucher({ verifiedHost, source }: Pick<App, 'verifiedHost' | 'source'>): Html {
  if (verifiedHost !== null)
    return html`<span class="badge">verified</span> It belongs to <strong>${verifiedHost}</strong>.`
  if (source === 'static')
    return html`<span class="badge">known</span> An administrator of this hub entered it.`
  return html`<span class="badge warning">unverified</span> Anyone can give an app this name.`
}
