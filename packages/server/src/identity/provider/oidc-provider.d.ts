/** The package ships no types, and what is published for it lags behind: `library.ts` says what Parley relies on. */
declare module 'oidc-provider'
declare module 'oidc-provider/*'
