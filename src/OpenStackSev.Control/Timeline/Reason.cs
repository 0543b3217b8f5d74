namespace OpenStackSev.Control.Timeline;

/// <summary>What a finding means for people who never read AMD's specification.</summary>
/// <param name="Text">What is wrong: a clause that follows "because". Nothing of hosts and chips.</param>
/// <param name="Tenant">What the instance's project can do.</param>
/// <param name="Operator">What the cloud's operator can do.</param>
/// <param name="Prevention">What keeps it from happening again.</param>
internal sealed record Reason(string Text, string Tenant, string Operator, string Prevention);
