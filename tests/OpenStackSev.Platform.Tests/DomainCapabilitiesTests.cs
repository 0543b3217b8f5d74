using System.Text;

namespace OpenStackSev.Platform.Tests;

public class DomainCapabilitiesTests
{
    [Fact]
    public void What_libvirt_says_of_SEV_is_read()
    {
        DomainCapabilities capabilities = DomainCapabilitiesXml.Parse(HostFolder.CapabilitiesXml).Value;
        Assert.Equal((true, 410u, 99u), (capabilities.Sev, capabilities.MaximumGuests, capabilities.MaximumSevEsGuests));
        Assert.Equal(["sev", "sev-snp"], capabilities.LaunchSecurity);
    }

    [Fact]
    public void An_older_libvirt_says_less()
    {
        Assert.Equal((null, null, null), Read("<domainCapabilities/>"));
        Assert.Equal((null, null, null), Read("<domainCapabilities><features><sev/></features></domainCapabilities>"));
        Assert.Equal((false, null, null), Read("<domainCapabilities><features><sev supported='no'/></features></domainCapabilities>"));
        Assert.Equal((true, null, null), Read("<domainCapabilities><features><sev supported='yes'><cbitpos>47</cbitpos></sev></features></domainCapabilities>"));
    }

    [Theory]
    [InlineData("<domainCapabilities><sev supported='yes'><maxGuests>9</maxGuests></sev></domainCapabilities>")]
    [InlineData("<domainCapabilities><features><a><sev supported='yes'><maxGuests>9</maxGuests></sev></a></features></domainCapabilities>")]
    [InlineData("<domainCapabilities><features><x><sev supported='yes'/></x></features><maxGuests>9</maxGuests></domainCapabilities>")]
    public void The_same_names_elsewhere_say_nothing(string xml) => Assert.Equal((null, null, null), Read(xml));

    [Fact]
    public void Words_of_another_enumeration_or_of_what_is_not_supported_are_not_launch_security()
    {
        Assert.Empty(Words("<launchSecurity supported='yes'><enum name='other'><value>sev</value></enum></launchSecurity>"));
        Assert.Empty(Words("<launchSecurity supported='no'><enum name='sectype'><value>sev</value></enum></launchSecurity>"));
        Assert.Equal(["tdx"], Words("<launchSecurity supported='yes'><enum name='sectype'><value>tdx</value><value>a b</value><value/></enum><enum name='x'><value>sev</value></enum></launchSecurity>"));
    }

    [Fact]
    public void More_words_than_there_are_kinds_are_not_kept() =>
        Assert.Equal(16, Words($"<launchSecurity supported='yes'><enum name='sectype'>{string.Concat(Enumerable.Repeat("<value>sev</value>", 1000))}</enum></launchSecurity>").Count);

    [Theory]
    [InlineData(""), InlineData("no XML"), InlineData("<domainCapabilities>"), InlineData("<capabilities/>")]
    [InlineData("<!DOCTYPE d [<!ENTITY a 'aaaa'>]><domainCapabilities>&a;</domainCapabilities>")]
    [InlineData("<!DOCTYPE d SYSTEM 'file:///etc/passwd'><domainCapabilities/>")]
    [InlineData("<domainCapabilities><features><sev supported='yes'><maxGuests>many</maxGuests></sev></features></domainCapabilities>")]
    [InlineData("<domainCapabilities><features><sev supported='yes'><maxGuests>4294967296</maxGuests></sev></features></domainCapabilities>")]
    [InlineData("<domainCapabilities><features><sev supported='yes'><maxESGuests>-1</maxESGuests></sev></features></domainCapabilities>")]
    public void What_libvirt_does_not_write_is_malformed(string xml) => Assert.Equal(SourceState.Malformed, DomainCapabilitiesXml.Parse(xml).State);

    [Fact]
    public void A_document_that_is_too_long_or_too_deep_is_malformed_and_soon_so()
    {
        Assert.Equal(SourceState.Malformed, DomainCapabilitiesXml.Parse(new string(' ', DomainCapabilitiesXml.LongestText + 1)).State);
        StringBuilder deep = new();
        for (int i = 0; i < 200_000; i++)
            deep.Append("<a>");
        Assert.Equal(SourceState.Malformed, DomainCapabilitiesXml.Parse(deep.ToString()).State);
    }

    private static (bool?, uint?, uint?) Read(string xml)
    {
        DomainCapabilities capabilities = DomainCapabilitiesXml.Parse(xml).Value;
        return (capabilities.Sev, capabilities.MaximumGuests, capabilities.MaximumSevEsGuests);
    }

    private static IReadOnlyList<string> Words(string launchSecurity) =>
        DomainCapabilitiesXml.Parse($"<domainCapabilities><features>{launchSecurity}</features></domainCapabilities>").Value.LaunchSecurity;
}
