/// How so many bytes go up: at once, or in how many parts of which size. It follows from the size alone, so that no call
/// has to remember what an earlier one decided.
struct UploadPlan: Sendable, Equatable {
    /// Larger artifacts go up in parts, unless the client wants it otherwise.
    static let largestSingle = 64 << 20
    /// The most that S3 takes at once: 5 GiB.
    static let largestPut = 5 << 30
    /// The largest artifact: 5 TiB.
    static let largest = 5 << 40
    /// The most parts that S3 takes.
    static let largestPartCount = 10_000
    /// The most URLs in one answer, so that it fits the load balancer's limit with the longest of tokens.
    static let urlsPerAnswer = 100
    /// The size of a part, unless there would be too many.
    private static let usualPartSize = 32 << 20

    /// The artifact's size in bytes.
    let size: Int
    /// The size of each part but the last, in bytes.
    let partSize: Int

    /// Makes a plan for a size of 0 to ``largest``.
    init(size: Int) {
        self.size = size
        let least = (size + Self.largestPartCount - 1) / Self.largestPartCount
        let mebibyte = 1 << 20
        partSize = max(Self.usualPartSize, (least + mebibyte - 1) / mebibyte * mebibyte)
    }

    /// The number of parts; an empty artifact has one, which is empty.
    var partCount: Int { max(1, (size + partSize - 1) / partSize) }

    /// The size of a part, counted from 1.
    func size(ofPart number: Int) -> Int {
        min(partSize, size - (number - 1) * partSize)
    }
}
