/// What AWS allows in the keys and values of tags: `[\p{L}\p{Z}\p{N}_.:/=+\-@]*`
public enum TagText {
    /// Whether the text may stand in a tag, whatever its length.
    public static func accepts(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { scalar in
            switch scalar.properties.generalCategory {
            case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .spaceSeparator,
                .lineSeparator, .paragraphSeparator, .decimalNumber, .letterNumber, .otherNumber:
                true
            default: "_.:/=+-@".unicodeScalars.contains(scalar)
            }
        }
    }
}
