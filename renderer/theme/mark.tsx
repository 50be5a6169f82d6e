const dots = [0, 1, 2, 3, 4, 5, 6, 7]

/** The ring with one dot lit; the same drawing as mark.svg, in the colours of the theme. */
export function Mark() {
  return (
    <svg className="mark" viewBox="0 0 64 64" aria-hidden="true" focusable="false">
      {dots.map((dot) => {
        const angle = (dot / dots.length) * 2 * Math.PI - Math.PI / 4
        const isLit = dot === 0
        return (
          <circle
            key={dot}
            className={isLit ? 'lit' : undefined}
            cx={32 + 24 * Math.cos(angle)}
            cy={32 + 24 * Math.sin(angle)}
            r={isLit ? 7.5 : 4.5}
          />
        )
      })}
    </svg>
  )
}
