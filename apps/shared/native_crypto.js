/** Stands for `isomorphic-webcrypto`, which fhirclient asks only where a browser has no crypto. */
export default globalThis.crypto;
