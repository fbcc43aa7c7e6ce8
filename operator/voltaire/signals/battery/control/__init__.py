"""Writing to a battery's site: `decide` says what it is to hold to, writers make it so and read it back,
`controller` does both again and again, `publish` tells the plan."""
