import AWSServices
import Testing

@Suite("The place of an object in S3")
struct S3LocationTests {
    @Test("is written as other tools write it")
    func description() {
        #expect(S3Location(bucket: "data", key: "a b/c").description == "s3://data/a b/c")
    }
}
