using OpenStackSev.Attestation.Appraisal;
using OpenStackSev.Control.Configuration;
using OpenStackSev.Control.Persistence;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Reattestation.Policies;

namespace OpenStackSev.Control.Tests.Reattestation.Policies;

public sealed class PolicyInForceTests
{
    private static readonly EndorsementOptions s_options = new();

    [Fact]
    public void Without_a_version_the_built_in_default_judges()
    {
        PolicyInForce policy = PolicyInForce.Of(null, [], s_options);
        Assert.Equal(0, policy.Number);
        Assert.Equal("default", policy.Name);
        Assert.Equal(PolicyDocument.Digest(AppraisalPolicy.Default), policy.Digest);
        Assert.Equal(CrlUse.Required, policy.Policy.Crl);
        Assert.Empty(policy.Policy.ReferenceValues.LaunchDigests);
    }

    [Fact]
    public void Reference_values_join_those_of_the_document_and_leave_its_digest()
    {
        PolicyVersion version = Given.Version(3, $$$"""{"version":1,"reference_values":{"launch_digests":[{"digest":"{{{Given.DigestA}}}","name":"one"}]}}""");
        PolicyInForce policy = PolicyInForce.Of(version, [Given.Value(Given.DigestB, covers: true), Given.Value(Given.DigestC) with { RemovedAt = Given.Now }], s_options);
        Assert.Equal((3, version.Digest), (policy.Number, policy.Digest));
        Assert.Equal([new(Given.DigestA, "one"), new LaunchDigest(Given.DigestB, "OVMF 2024.02, 4 EPYC-v4", true)], policy.Policy.ReferenceValues.LaunchDigests);
    }

    [Theory, InlineData(true, true, true), InlineData(true, false, false), InlineData(false, true, false)]
    public void Executables_are_covered_only_when_document_and_reference_value_both_say_so(bool document, bool value, bool expected)
    {
        PolicyVersion version = Given.Version(1,
            $$$"""{"version":1,"reference_values":{"launch_digests":[{"digest":"{{{Given.DigestA}}}","name":"one","covers_executables":{{{(document ? "true" : "false")}}}}]}}""");
        LaunchDigest merged = Assert.Single(PolicyInForce.Of(version, [Given.Value(Given.DigestA, value)], s_options).Policy.ReferenceValues.LaunchDigests);
        Assert.Equal(expected, merged.CoversExecutables);
    }

    [Theory, InlineData("required", "if-present", CrlUse.Required), InlineData("if-present", "if-present", CrlUse.IfPresent), InlineData("if-present", "required", CrlUse.Required)]
    public void A_policy_may_ask_for_the_revocation_list_and_never_spare_it(string configured, string document, CrlUse expected)
    {
        PolicyVersion version = Given.Version(1, $$"""{"version":1,"crl":"{{document}}"}""");
        Assert.Equal(expected, PolicyInForce.Of(version, [], new EndorsementOptions { Crl = configured }).Policy.Crl);
    }

    [Fact]
    public void Simulated_roots_are_those_of_the_configuration_whatever_a_policy_says()
    {
        PolicyVersion version = Given.Version(1, $$"""{"version":1,"simulated_roots":["{{new string('d', 64)}}"]}""");
        Assert.Empty(PolicyInForce.Of(version, [], s_options).Policy.SimulatedRoots);
        string named = new('e', 64);
        Assert.Equal([named], PolicyInForce.Of(null, [], new EndorsementOptions { SimulatedRoots = [named] }).Policy.SimulatedRoots);
    }

    [Fact]
    public void A_document_that_cannot_be_read_is_no_reason_to_judge_by_another()
    {
        StorageException failure = Assert.Throws<StorageException>(() => PolicyInForce.Of(Given.Version(7, """{"version":2}"""), [], s_options));
        Assert.Equal(StorageCodes.Corrupt, failure.Code);
        Assert.Contains("policy 7", failure.Detail, StringComparison.Ordinal);
    }
}
