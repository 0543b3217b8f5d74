using System.Reflection;
using OpenStackSev.Validation.Explaining;

namespace OpenStackSev.Validation.Tests.Explaining;

/// <summary>Each code has a situation in which it is the only cause.</summary>
public sealed class SituationTests
{
    private static readonly string[] s_snpGuarded = ["resources:CUSTOM_SEV_SNP_ASID", "trait:CUSTOM_SEV_SNP"];

    private static readonly Dictionary<string, (SchedulingRequest Request, NodeFacts Node)> s_situations = new()
    {
        [ExplainCodes.ClassMissing] = (Request(("resources:CUSTOM_SEV_SNP_ASID", "1")), Given.Node()),
        [ExplainCodes.TraitMissing] = (Request(("trait:CUSTOM_SEV_TRUSTED", "required")), Given.Node()),
        [ExplainCodes.TraitElsewhere] = (Request(("trait:CUSTOM_SEV_SNP", "required")), Given.Node(children: Given.Guard("sev_snp"))),
        [ExplainCodes.TraitsApart] = (
            Request(("resources:MEM_ENCRYPTION_CONTEXT", "1"), ("trait:HW_CPU_X86_AMD_SEV", "required"), ("trait:HW_CPU_X86_AMD_SEV_SNP", "required")),
            Given.Node(children: [Given.NovaChild("sev"), Given.NovaChild("sev_snp")])),
        [ExplainCodes.TraitForbidden] = (Request(("trait:CUSTOM_SEV_QUARANTINED", "forbidden")), Given.Node(traits: ["CUSTOM_SEV_QUARANTINED"])),
        [ExplainCodes.Reserved] = (Snp(), Given.Node(children: Given.Guard("sev_snp", total: 5, reserved: 5))),
        [ExplainCodes.UsedUp] = (Snp(), Given.Node(children: Given.Guard("sev_snp", total: 5, used: 5))),
        [ExplainCodes.TooSmall] = (Request(("resources:VCPU", "300")), Given.Node()),
        [ExplainCodes.MaximumUnit] = (Request(("resources:CUSTOM_SEV_SNP_ASID", "2")), Given.Node(children: Given.Guard("sev_snp"))),
        [ExplainCodes.MinimumUnit] = (Request(("resources:CUSTOM_X", "1")), WithX(Given.Inventory(10, min: 2))),
        [ExplainCodes.StepSize] = (Request(("resources:CUSTOM_X", "3")), WithX(Given.Inventory(10, step: 2))),
        [ExplainCodes.GroupSplit] = (Request(("resources1:CUSTOM_SEV_SNP_ASID", "1"), ("trait1:CUSTOM_SEV", "required")),
            Given.Node(children: [Given.Guard("sev"), Given.Guard("sev_snp")])),
        [ExplainCodes.Combination] = (Request(("resources:CUSTOM_SEV_ASID", "1"), ("resources1:CUSTOM_SEV_ASID", "1"), ("resources2:CUSTOM_SEV_ASID", "1"), ("group_policy", "none")),
            Given.Node(children: root => Given.Provider("compute1:sev", root, [("CUSTOM_SEV_ASID", Given.Inventory(2))]))),
        [ExplainCodes.AggregateOutside] = (
            SchedulingRequest.From(Given.Flavor(), Given.Image(), ComputeRelease.Zed, new(Aggregates: [new(new HashSet<Guid> { Given.GuidOf("az1") }, ["az1"], "availability zone az1")])),
            Given.Node()),
        [ExplainCodes.ServiceDisabled] = (Request(), Given.Node(service: new("compute1", Enabled: false, Up: true, "maintenance"))),
        [ExplainCodes.ServiceDown] = (Request(), Given.Node(service: new("compute1", Enabled: true, Up: false, null))),
        [ExplainCodes.NotOfNova] = (Request(), Given.Node() with { Service = null }),
        [ExplainCodes.TraitUnknown] = (Request(("trait:CUSTOM_TYPO", "required")), Given.Node(traits: ["CUSTOM_TYPO"])),
        [ExplainCodes.ClassUnknown] = (Request(("resources:CUSTOM_TYPO", "1")), Given.Node()),
        [ExplainCodes.TraitContradiction] = (
            SchedulingRequest.From(Given.Flavor(("trait:CUSTOM_SEV", "forbidden")), Given.Image(("trait:CUSTOM_SEV", "required")), ComputeRelease.Zed), Given.Node()),
        [ExplainCodes.GroupWithoutResources] = (Request(("trait1:CUSTOM_SEV", "required")), Given.Node(children: Given.Guard("sev"))),
        [ExplainCodes.GroupPolicyMissing] = (Request(("resources1:VCPU", "1"), ("resources2:VCPU", "1")), Given.Node()),
        [ExplainCodes.HostQuarantined] = (Request(("sev:trust", "required")), Judged("quarantined")),
        [ExplainCodes.HostUntrusted] = (Request(("sev:trust", "required")), Judged("untrusted")),
        [ExplainCodes.HostUnknown] = (Request(("sev:trust", "required")), Judged("unknown")),
        [ExplainCodes.HostProofExpired] = (Request(("sev:trust", "required")), Judged("trusted", lasts: -1)),
        [ExplainCodes.HostProofTooOld] = (Request(("sev:max_proof_age", "60")), Judged("trusted")),
        [ExplainCodes.HostTcb] = (Request(("sev:tcb", "SB_3019")), Judged("trusted")),
        [ExplainCodes.CapabilityUnknown] = (Request(("capabilities:sev", "true")), Given.Node()),
    };

    public static TheoryData<string> Codes { get; } = [.. s_situations.Keys];

    [Theory, MemberData(nameof(Codes))]
    public void A_situation_is_explained_by_its_code_alone(string code)
    {
        (SchedulingRequest request, NodeFacts node) = s_situations[code];
        HashSet<string> traits = [.. node.Providers.SelectMany(provider => provider.Traits), "CUSTOM_SEV", "CUSTOM_SEV_SNP", "CUSTOM_SEV_TRUSTED", "CUSTOM_SEV_QUARANTINED", "COMPUTE_STATUS_DISABLED"];
        if (code == ExplainCodes.TraitUnknown)
            traits.Remove("CUSTOM_TYPO");
        var known = new PlacementVocabulary(
            new HashSet<string> { "VCPU", "MEMORY_MB", "DISK_GB", "CUSTOM_SEV_ASID", "CUSTOM_SEV_SNP_ASID", "CUSTOM_X", "MEM_ENCRYPTION_CONTEXT" }, traits);
        Explanation explanation = Explanation.Of(request, [node], known);
        Assert.False(explanation.Fits);
        Cause cause = Assert.Single(explanation.Causes);
        Assert.Equal(code, cause.Code);
        Assert.Contains(cause.Example.Message, explanation.Summary, StringComparison.Ordinal);
        Assert.NotEmpty(cause.Example.Origin);
        Assert.NotEmpty(cause.Example.Remedy);
        Assert.False(cause.Example.Message.EndsWith('.'), cause.Example.Message);
    }

    [Fact]
    public void Every_code_has_a_situation()
    {
        string[] codes = [.. typeof(ExplainCodes).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (string)field.GetRawConstantValue()!)];
        // A doubt, which keeps no host out: it has a test of its own.
        Assert.Equal(codes.Except([ExplainCodes.MachineTypeUnset]).Order(StringComparer.Ordinal), s_situations.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void An_unset_machine_type_is_a_doubt_where_encryption_is_asked_for()
    {
        FlavorSpec encrypted = Given.Flavor(("hw:mem_encryption", "true"));
        ImageSpec unset = new("debian", "i1", new Dictionary<string, string> { ["hw_firmware_type"] = "uefi" });
        Explanation explanation = Explanation.Of(SchedulingRequest.From(encrypted, unset, ComputeRelease.Newest), [Given.Node(children: Given.NovaChild("sev"))]);
        Assert.True(explanation.Fits);
        Obstacle doubt = Assert.Single(explanation.Doubts);
        Assert.Equal(ExplainCodes.MachineTypeUnset, doubt.Code);
        Assert.Equal("openstack image set --property hw_machine_type=q35 i1", doubt.Command);
        Assert.Empty(Explanation.Of(SchedulingRequest.From(encrypted, Given.Image(), ComputeRelease.Newest), []).Doubts);
        Assert.Empty(Explanation.Of(SchedulingRequest.From(Given.Flavor(), unset, ComputeRelease.Newest), []).Doubts);
    }

    /// <summary>Proven two minutes ago.</summary>
    private static NodeFacts Judged(string trust, int lasts = 60)
    {
        DateTimeOffset now = DateTimeOffset.UnixEpoch.AddYears(56);
        return Given.Node() with { Trust = new(new(trust, [], new HashSet<string>(), now.AddMinutes(-2), now.AddSeconds(lasts)), now) };
    }

    private static SchedulingRequest Request(params (string, string)[] specs) => SchedulingRequest.From(Given.Flavor(specs), Given.Image(), ComputeRelease.Newest);

    private static SchedulingRequest Snp() => Request([.. s_snpGuarded.Select((key, index) => (key, index == 0 ? "1" : "required"))]);

    private static NodeFacts WithX(InventoryFacts inventory) =>
        Given.Node(children: root => Given.Provider("compute1:x", root, [("CUSTOM_X", inventory)]));
}
