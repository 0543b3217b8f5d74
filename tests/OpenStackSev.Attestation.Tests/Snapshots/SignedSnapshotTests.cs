using System.Text;
using OpenStackSev.Attestation.Results;
using OpenStackSev.Attestation.Snapshots;

namespace OpenStackSev.Attestation.Tests.Snapshots;

public sealed class SignedSnapshotTests
{
    private static readonly EarSigningKey s_key = EarSigningKey.Create();
    private static readonly EarVerificationKeys s_keys = EarVerificationKeys.Of(s_key);
    private static readonly HostsSnapshot s_snapshot = new(1, At(0), At(600),
    [
        new(Guid.Parse("5f0f2ffb-9bfa-4b1c-8d06-1e7a0b6d7a11"), "compute1", "trusted") { Baselines = ["SB_3019"], ProvenAt = At(-100), ExpiresAt = At(1000) },
        new(Guid.Parse("5f0f2ffb-9bfa-4b1c-8d06-1e7a0b6d7a12"), "compute2", "quarantined") { Reasons = ["host.quarantined"] },
    ]);

    [Fact]
    public void What_is_signed_is_read_again()
    {
        byte[] text = SignedSnapshot.Sign(s_snapshot.Write(), s_key);
        Assert.True(SignedSnapshot.TryOpen([.. " \n"u8, .. text, (byte)'\n'], s_keys, out byte[]? payload, out _));
        Assert.True(HostsSnapshot.TryRead(payload, out HostsSnapshot? read, out _));
        Assert.Equivalent(s_snapshot, read, strict: true);
        Assert.Contains("\"issued_at\":\"2026-11-26T03:00:00Z\"", Encoding.UTF8.GetString(payload), StringComparison.Ordinal);
    }

    [Fact]
    public void No_changed_byte_gets_through()
    {
        byte[] good = SignedSnapshot.Sign(s_snapshot.Write(), s_key);
        for (int i = 0; i < good.Length; i++)
        {
            byte[] changed = [.. good];
            changed[i] = changed[i] == (byte)'A' ? (byte)'B' : (byte)'A';
            if (SignedSnapshot.TryOpen(changed, s_keys, out byte[]? payload, out SnapshotFault? fault))
                Assert.Fail($"byte {i} is ignored: {payload.Length} bytes");
            Assert.StartsWith("snapshot.", fault.Code, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Each_way_of_not_being_one_has_its_code()
    {
        byte[] payload = s_snapshot.Write();
        using EarSigningKey other = EarSigningKey.Create();
        string good = Encoding.ASCII.GetString(SignedSnapshot.Sign(payload, s_key));
        string[] parts = good.Split('.');
        foreach ((string text, string code) in new[]
        {
            ("", SnapshotCodes.Malformed),
            ("a.b", SnapshotCodes.Malformed),
            ("a.b.c.d", SnapshotCodes.Malformed),
            ("!.!.!", SnapshotCodes.Malformed),
            ($"{new string('A', 2000)}.{parts[1]}.{parts[2]}", SnapshotCodes.Malformed),
            ($"{Header("[]")}.{parts[1]}.{parts[2]}", SnapshotCodes.Malformed),
            ($"{Header("{}")}.{parts[1]}.{parts[2]}", SnapshotCodes.NotOne),
            ($"{Header($$"""{"alg":"none","typ":"openstack-sev-snapshot","kid":"{{s_key.KeyId}}"}""")}.{parts[1]}.", SnapshotCodes.NotOne),
            ($"{Header($$"""{"alg":"ES384","typ":"eat+jwt","kid":"{{s_key.KeyId}}"}""")}.{parts[1]}.{parts[2]}", SnapshotCodes.NotOne),
            ($"{Header($$"""{"alg":"ES384","typ":"openstack-sev-snapshot","kid":"{{s_key.KeyId}}","crit":["exp"]}""")}.{parts[1]}.{parts[2]}", SnapshotCodes.NotOne),
            (Encoding.ASCII.GetString(SignedSnapshot.Sign(payload, other)), SnapshotCodes.KeyUnknown),
            ($"{parts[0]}.{Header("{}")}.{parts[2]}", SnapshotCodes.Signature),
            ($"{parts[0]}.{parts[1]}.", SnapshotCodes.Signature),
            ($"{parts[0]}.{parts[1]}.!", SnapshotCodes.Signature),
            (new string('A', SignedSnapshot.MaximumSize + 1), SnapshotCodes.TooLarge),
        })
        {
            Assert.False(SignedSnapshot.TryOpen(Encoding.ASCII.GetBytes(text), s_keys, out _, out SnapshotFault? fault));
            Assert.Equal(code, fault.Code);
        }
    }

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("{\"version\":1}")]
    [InlineData("{\"version\":2,\"issued_at\":\"2026-11-26T03:00:00Z\",\"expires_at\":\"2026-11-26T03:10:00Z\",\"hosts\":[]}")]
    [InlineData("{\"version\":1,\"issued_at\":\"2026-11-26T03:00:00+01:00\",\"expires_at\":\"2026-11-26T03:10:00Z\",\"hosts\":[]}")]
    [InlineData("{\"version\":1,\"issued_at\":\"2026-11-26T03:00:00\",\"expires_at\":\"2026-11-26T03:10:00Z\",\"hosts\":[]}")]
    [InlineData("{\"version\":1,\"issued_at\":\"soon\",\"expires_at\":\"2026-11-26T03:10:00Z\",\"hosts\":[]}")]
    [InlineData("{\"version\":1,\"issued_at\":\"2026-11-26T03:00:00Z\",\"expires_at\":\"2026-11-26T03:10:00Z\",\"hosts\":null}")]
    [InlineData("{\"version\":1,\"issued_at\":\"2026-11-26T03:00:00Z\",\"expires_at\":\"2026-11-26T03:10:00Z\",\"hosts\":[null]}")]
    [InlineData("{\"version\":1,\"issued_at\":\"2026-11-26T03:00:00Z\",\"expires_at\":\"2026-11-26T03:10:00Z\",\"hosts\":[{\"node\":7,\"name\":\"a\",\"trust\":\"trusted\"}]}")]
    [InlineData("{\"version\":1,\"issued_at\":\"2026-11-26T03:00:00Z\",\"expires_at\":\"2026-11-26T03:10:00Z\",\"hosts\":[{\"node\":\"5f0f2ffb-9bfa-4b1c-8d06-1e7a0b6d7a11\",\"trust\":\"trusted\"}]}")]
    [InlineData("{\"version\":1,\"issued_at\":\"2026-11-26T03:00:00Z\",\"expires_at\":\"2026-11-26T03:10:00Z\",\"hosts\":[{\"node\":\"5f0f2ffb-9bfa-4b1c-8d06-1e7a0b6d7a11\",\"name\":\"a\",\"trust\":\"trusted\",\"reasons\":[null]}]}")]
    public void What_the_filter_could_not_read_is_malformed(string json)
    {
        Assert.False(HostsSnapshot.TryRead(Encoding.UTF8.GetBytes(json), out _, out SnapshotFault? fault));
        Assert.Equal(SnapshotCodes.Malformed, fault.Code);
    }

    private static string Header(string json) => System.Buffers.Text.Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));

    private static DateTimeOffset At(int seconds) => new DateTimeOffset(2026, 11, 26, 3, 0, 0, TimeSpan.Zero).AddSeconds(seconds);
}
