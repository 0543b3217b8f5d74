using System.Text;
using OpenStackSev.Attestation.Appraisal;

namespace OpenStackSev.Attestation.Tests.Appraisal;

/// <summary>Policies as operators write them.</summary>
public sealed class PolicyDocumentTests
{
    [Fact]
    public void A_document_with_its_version_alone_is_the_default()
    {
        AppraisalPolicy policy = Read("""{"version": 1}""");
        Assert.Equal(Text(AppraisalPolicy.Default), Text(policy));
        Assert.Equal(KnownBulletins.All, policy.Bulletins);
    }

    private static AppraisalPolicy Read(string json)
    {
        bool read = PolicyDocument.TryParse(Encoding.UTF8.GetBytes(json), out AppraisalPolicy? policy, out IReadOnlyList<PolicyProblem> problems);
        Assert.True(read, string.Join('\n', problems));
        return policy!;
    }

    private static string Text(AppraisalPolicy policy) => Encoding.UTF8.GetString(PolicyDocument.Write(policy));

    [Fact]
    public void The_sample_is_read() => Assert.Equal("sample", Read(PolicyDocument.Sample).Name);
}
