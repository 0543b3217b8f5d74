using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using OpenStackSev.Api;
using OpenStackSev.Api.Attestation;
using OpenStackSev.Guest.Tests.Fakes;

namespace OpenStackSev.Guest.Tests.Rounds;

/// <summary>The guest's own context and the one that the control plane reads with are one contract.</summary>
public sealed class GuestBodiesTests
{
    private static readonly Dictionary<string, object> s_bodies = new object[]
    {
        new ErrorBody([new ErrorItem(409, "Conflict", "no", "attestation.challenge.used", RequestId: "req-1")]),
        Given.Instructions with { Ca = "PEM" },
        new ChallengeRequest(Given.Instance),
        new Challenge(Guid.NewGuid(), Given.Instance, Given.ReportData()[..32], 60),
        new Evidence(Guid.NewGuid(), Given.Instance, [1, 2], PublicKey: [3]),
        new EvidenceAnswer("affirming", ["snp.tcb.minimum"], 300, "aaa.bbb.ccc"),
    }.ToDictionary(body => body.GetType().Name);

    public static TheoryData<string> Bodies => [.. s_bodies.Keys];

    [Theory, MemberData(nameof(Bodies))]
    public void A_body_is_the_same_on_both_sides(string name)
    {
        (JsonTypeInfo ours, JsonTypeInfo theirs) = Of(name);
        string written = JsonSerializer.Serialize(s_bodies[name], ours);
        Assert.Equal(JsonSerializer.Serialize(s_bodies[name], theirs), written);
        Assert.Equal(written, JsonSerializer.Serialize(JsonSerializer.Deserialize(written, theirs), theirs));
        Assert.Equal(written, JsonSerializer.Serialize(JsonSerializer.Deserialize(written, ours), ours));
    }

    [Theory, MemberData(nameof(Bodies))]
    public void What_one_side_refuses_the_other_does(string name)
    {
        (JsonTypeInfo ours, JsonTypeInfo theirs) = Of(name);
        string written = JsonSerializer.Serialize(s_bodies[name], ours);
        string first = written[1..written.IndexOf(':', StringComparison.Ordinal)];
        foreach (string malformed in new[] { "{}", $$"""{{{first}}:null,{{written[1..]}}""", $"{written[..^1]},{written[1..]}", Deep(first), "[]", "" })
        {
            Assert.Throws<JsonException>(() => JsonSerializer.Deserialize(malformed, ours));
            Assert.Throws<JsonException>(() => JsonSerializer.Deserialize(malformed, theirs));
        }
    }

    private static string Deep(string property) => new StringBuilder().Append('{').Append(property).Append(':').Append('[', 20).Append(']', 20).Append('}').ToString();

    private static (JsonTypeInfo Ours, JsonTypeInfo Theirs) Of(string name)
    {
        Type body = s_bodies[name].GetType();
        return (GuestJson.Default.GetTypeInfo(body)!, AttestationJson.Default.GetTypeInfo(body)!);
    }
}
