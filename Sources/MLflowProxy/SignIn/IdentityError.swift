/// Why nobody is let in. The reason is for the log: it tells a forger what to mend.
enum IdentityError: Error, Sendable, Equatable {
    /// The token is missing, or is not our load balancer's word for a visitor who is signed in now.
    case refused(String)
    /// The token cannot be checked now.
    case undecided(String)
}
