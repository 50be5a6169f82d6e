/** Schedules kept because chance hardly ever meets them. Each throws a `Violation` where the rule that it is named after is broken. */
export const scenarios: Readonly<Record<string, () => void>> = {}
