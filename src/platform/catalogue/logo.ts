/** The module's logo, drawn for it: a stream that ends in a shield. Square, for light and dark pages alike. */
export const logo = `<svg xmlns="http://www.w3.org/2000/svg" width="256" height="256" viewBox="0 0 256 256" role="img" aria-label="Akonis">
  <rect width="256" height="256" rx="48" fill="#14213d"/>
  <path d="M128 36 204 64v58c0 50-32 82-76 98-44-16-76-48-76-98V64z" fill="none" stroke="#e8edf7" stroke-width="12" stroke-linejoin="round"/>
  <path d="M84 100h40c16 0 20 10 32 10h16M84 128h24c18 0 22 12 40 12h24M84 156h16c16 0 20 12 36 12h16" fill="none" stroke="#ff8a3d" stroke-width="12" stroke-linecap="round"/>
</svg>
`
