using System.Reflection;
using OpenStackSev.Validation.Explaining;

namespace OpenStackSev.Validation.Tests.Explaining;

public sealed class OperationTests
{
    private static readonly Guid s_id = new("11111111-2222-3333-4444-555555555555");
    private static readonly FlavorSpec s_snp = Given.Flavor(("hw:mem_encryption", "true"), ("hw:mem_encryption_model", "amd-sev-snp"));
    private static readonly FlavorSpec s_plain = Given.Flavor() with { Name = "plain", Id = "f2" };
    private static readonly ImageSpec s_image = Given.Image(("hw_firmware_stateless", "true")) with { Id = "i1" };
    private static readonly ImageSpec s_asking = Given.Image(("hw_mem_encryption", "true")) with { Id = "i2", Name = "asking" };
    private static readonly ImageSpec s_silent = Given.Image() with { Id = "i3", Name = "silent" };
    private static readonly OperatedServer s_server = new("web 1", s_id, s_snp, s_image, ComputeRelease.Newest, "compute1", HostUp: false);

    private static readonly Dictionary<string, (ServerOperation Operation, OperatedServer Server)> s_situations = new()
    {
        [OperationCodes.Refused] = (ServerOperation.Suspend, s_server),
        [OperationCodes.Alternative] = (ServerOperation.Suspend, s_server),
        [OperationCodes.EncryptionLost] = (ServerOperation.Resize, s_server with { NewFlavor = s_plain }),
        [OperationCodes.EncryptionUncounted] = (ServerOperation.Rebuild, s_server with { Flavor = s_plain, NewImage = s_asking }),
        [OperationCodes.ModelChanged] = (ServerOperation.Resize, s_server with { NewFlavor = Given.Flavor(("hw:mem_encryption", "true"), ("hw:mem_encryption_model", "amd-sev")) }),
        [OperationCodes.Unguarded] = (ServerOperation.Rebuild, s_server with { Flavor = s_plain, Image = s_asking }),
        [OperationCodes.NewFinding] = (ServerOperation.Rebuild, s_server with { NewImage = new("bios", "i4", new Dictionary<string, string>()) }),
        [OperationCodes.NotScheduled] = (ServerOperation.Rebuild, s_server with { NewImage = s_image }),
        [OperationCodes.SecondContext] = (ServerOperation.Resize, s_server with { NewFlavor = s_snp with { Name = "larger" } }),
        [OperationCodes.HostUp] = (ServerOperation.Evacuate, s_server with { HostUp = true }),
        [OperationCodes.StartsAnew] = (ServerOperation.Evacuate, s_server),
    };

    public static TheoryData<string> Codes { get; } = [.. s_situations.Keys];

    [Theory, MemberData(nameof(Codes))]
    public void Each_code_has_a_situation(string code)
    {
        (ServerOperation operation, OperatedServer server) = s_situations[code];
        OperationPoint point = OperationJudgement.Of(operation, server).Points.First(point => point.Code == code);
        Assert.NotEmpty(point.Message);
        Assert.DoesNotContain(OperationJudgement.Of(operation, server with
        {
            Flavor = s_plain,
            Image = s_silent,
            HostUp = false,
            NewFlavor = server.NewFlavor is null ? null : s_plain,
            NewImage = server.NewImage is null ? null : s_silent with { Id = "i5" },
        }).Points, other => other.Code == code);
    }

    [Fact]
    public void Every_code_is_in_a_situation() => Assert.Equal(
        typeof(OperationCodes).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (string)field.GetRawConstantValue()!).Order(StringComparer.Ordinal),
        s_situations.Keys.Order(StringComparer.Ordinal));

    [Theory]
    [InlineData(ServerOperation.LiveMigrate, "zed", "Operation 'live-migration' not supported for SEV-enabled instance (11111111-2222-3333-4444-555555555555).")]
    [InlineData(ServerOperation.Suspend, "2025.2", "Operation 'suspend' not supported for SEV-enabled instance (11111111-2222-3333-4444-555555555555).")]
    [InlineData(ServerOperation.Suspend, "2026.2", "Operation 'suspend' not supported for mem encryption enabled instance (11111111-2222-3333-4444-555555555555).")]
    public void Novas_words_are_those_of_its_release(ServerOperation operation, string release, string text)
    {
        Assert.True(ComputeRelease.TryParse(release, out ComputeRelease? known));
        OperationAnswer answer = OperationJudgement.Of(operation, s_server with { Release = known });
        Assert.Equal((400, text), (answer.Status, answer.Text));
        Assert.False(answer.IsSafe);
        Assert.Contains(answer.Points, point => point.Command is not null);
    }

    [Theory, InlineData(ServerOperation.LiveMigrate), InlineData(ServerOperation.Suspend), InlineData(ServerOperation.Rebuild), InlineData(ServerOperation.Resize), InlineData(ServerOperation.Evacuate)]
    public void Nothing_stands_against_a_server_that_is_not_encrypted(ServerOperation operation)
    {
        OperationAnswer answer = OperationJudgement.Of(operation, s_server with { Flavor = s_plain, Image = s_silent });
        Assert.True(answer.IsSafe);
        Assert.Empty(answer.Points);
    }

    [Fact]
    public void A_rebuild_that_takes_the_images_word_away_loses_the_encryption_and_the_fix_is_the_flavors_word()
    {
        OperationAnswer answer = OperationJudgement.Of(ServerOperation.Rebuild, s_server with { Flavor = s_plain, Image = s_asking, NewImage = s_silent });
        OperationPoint lost = Assert.Single(answer.Points);
        Assert.Equal((OperationCodes.EncryptionLost, FindingLevel.Error), (lost.Code, lost.Level));
        Assert.Equal("openstack flavor set --property hw:mem_encryption=true --property hw:mem_encryption_model=amd-sev f2", lost.Command);
        Assert.False(answer.IsSafe);
    }

    [Fact]
    public void A_rebuild_to_another_image_is_safe_where_the_flavor_asks()
    {
        OperationAnswer answer = OperationJudgement.Of(ServerOperation.Rebuild, s_server with { NewImage = s_image with { Id = "i6" } });
        Assert.True(answer.IsSafe);
        Assert.Empty(answer.Points);
    }

    [Fact]
    public void An_evacuation_from_a_host_that_is_up_is_refused_in_Novas_words()
    {
        OperationAnswer answer = OperationJudgement.Of(ServerOperation.Evacuate, s_server with { HostUp = true });
        Assert.Equal((400, "Compute service of compute1 is still in use."), (answer.Status, answer.Text));
        Assert.Contains(answer.Points, point => point.Command == "openstack compute service set --down compute1 nova-compute");
        Assert.Equal("openstack server evacuate 'web 1'", Assert.Single(answer.Points, point => point.Code == OperationCodes.SecondContext).Command);
    }
}
